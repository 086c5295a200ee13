import { createHmac } from 'node:crypto'
import { accepted, type Outcome, refused } from '../kernel/outcome.ts'
import { platformUnavailable, postToPlatform, type ReportPlatform, readFromPlatform } from './platform-call.ts'
import type { FacebookSettings } from './settings.ts'

/** An answer of the Graph, of which nothing is checked yet. */
export type GraphObject = Readonly<Record<string, unknown>>

export interface GraphDeps {
  readonly settings: FacebookSettings
  readonly report: ReportPlatform
}

/** Shows Facebook that whoever uses a token also knows the app's secret. */
export function appSecretProof(appSecret: string, accessToken: string): string {
  return createHmac('sha256', appSecret).update(accessToken).digest('hex')
}

/** What Facebook says of a token of a player's, asked in our app's own name. */
export async function debugToken(deps: GraphDeps, accessToken: string): Promise<Outcome<GraphObject>> {
  const { appId, appSecret } = deps.settings
  const answer = await askGraph(deps, {
    path: 'debug_token',
    query: { input_token: accessToken },
    accessToken: `${appId}|${appSecret}`,
  })
  if (!answer.ok) return answer
  const data = graphObject(answer.value['data'])
  return data === null ? unreadable(deps, 'no data in the answer') : accepted(data)
}

/** Whose token it is, asked with the token itself. */
export function readMe(deps: GraphDeps, accessToken: string): Promise<Outcome<GraphObject>> {
  const proof = appSecretProof(deps.settings.appSecret, accessToken)
  return askGraph(deps, { path: 'me', query: { fields: 'id,name,picture', appsecret_proof: proof }, accessToken })
}

/** The access token that an authorization code is good for, once. */
export async function exchangeCode(
  deps: GraphDeps,
  { code, redirectUri }: { code: string; redirectUri: string },
): Promise<Outcome<string>> {
  const { appId, appSecret, graphUrl, graphVersion } = deps.settings
  const answer = await postToPlatform(`${graphUrl}/${graphVersion}/oauth/access_token`, {
    ...{ client_id: appId, client_secret: appSecret, redirect_uri: redirectUri, code },
  })
  if (!answer.answered) return unreadable(deps, answer.reason)
  const body = graphObject(answer.json)
  const error = graphObject(body?.['error'])
  if (error !== null) return exchangeRefusal(deps, error)
  const token = body?.['access_token']
  return answer.status === 200 && typeof token === 'string'
    ? accepted(token)
    : unreadable(deps, `status ${answer.status}, no token`)
}

export function graphObject(value: unknown): GraphObject | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as GraphObject) : null
}

/**
 * One call. Whoever asks is named in a header, which the Graph takes as it takes the parameter, and which no log of
 * addresses keeps: https://developers.facebook.com/documentation/business-messaging/whatsapp/solution-providers/manage-accounts
 */
async function askGraph(
  deps: GraphDeps,
  call: { path: string; query: Readonly<Record<string, string>>; accessToken: string },
): Promise<Outcome<GraphObject>> {
  const { graphUrl, graphVersion } = deps.settings
  const url = `${graphUrl}/${graphVersion}/${call.path}?${new URLSearchParams(call.query)}`
  const answer = await readFromPlatform(url, { authorization: `Bearer ${call.accessToken}` })
  if (!answer.answered) return unreadable(deps, answer.reason)
  const body = graphObject(answer.json)
  if (body === null) return unreadable(deps, 'no object in the answer')
  const error = graphObject(body['error'])
  if (error !== null) return refusalOf(deps, { error, path: call.path })
  return answer.status === 200 ? accepted(body) : unreadable(deps, `status ${answer.status}`)
}

/** A token that is not good any more; 463 of it: its time was up. */
const BAD_TOKEN = 190
export const TOKEN_EXPIRED = 463
/** About `debug_token`: "The App_id in the input_token did not match the Viewing App". */
const WRONG_PARAMETER = 100

/** Whatever else goes wrong there (limits, faults of theirs, codes that we do not know) says nothing of the player: they try again. */
function refusalOf(deps: GraphDeps, { error, path }: { error: GraphObject; path: string }): Outcome<never> {
  const { code, error_subcode: subcode } = error
  if (code === BAD_TOKEN && subcode === TOKEN_EXPIRED) return refused('proof_expired')
  if (code === WRONG_PARAMETER && path === 'debug_token') return refused('proof_wrong_audience')
  if (code !== BAD_TOKEN) return unreadable(deps, `error ${Number(code)}`)
  // What is wrong with a player's token stands in the data of the answer: this may be about our own.
  if (path === 'debug_token') reportOf(deps, 'error 190', 'Facebook refuses to judge a token; is appSecret right?')
  return refused('invalid_proof')
}

/** Of a code: wrong, used, over, or asked for with another address to come back to; which one, only its words say. */
const BAD_CODE = 100
const OTHER_REDIRECT = 36008

/** About our secret, our id or a limit a code says nothing: nobody is told that theirs was bad. */
function exchangeRefusal(deps: GraphDeps, { code, error_subcode: subcode }: GraphObject): Outcome<never> {
  if (code !== BAD_CODE) return unreadable(deps, `error ${Number(code)}`)
  if (subcode === OTHER_REDIRECT) {
    reportOf(deps, 'error 100', 'Facebook gave a code for another address; is redirectUri the one of the page?')
  }
  return refused('invalid_proof')
}

/** The player is told to come back, the operator why. */
function unreadable(deps: GraphDeps, reason: string): Outcome<never> {
  reportOf(deps, reason, 'Facebook is out of reach; nobody can log in by it')
  return platformUnavailable()
}

function reportOf({ settings, report }: GraphDeps, reason: string, words: string): void {
  report({ platform: new URL(settings.graphUrl).host, reason }, words)
}

import { createPrivateKey } from 'node:crypto'
import type { Static } from 'typebox'
import type { AppleExchange, GoogleExchange, PageSettings } from '../identity-providers/settings.ts'
import type { LOGINS_SCHEMA } from './app-schema.ts'
import type { Environment } from './config.ts'
import { quoted } from './faults.ts'

type LoginTexts = Static<typeof LOGINS_SCHEMA>
type GoogleTexts = NonNullable<LoginTexts['google']>
type AppleTexts = NonNullable<LoginTexts['apple']>

/** Whose logins on pages are believed at Google: those of `pageClients`, or without any of all of the game's clients. */
export function googlePages(
  { clientIds, pageClients, tokenUrl }: GoogleTexts,
  platformUrl: string,
): PageSettings<GoogleExchange> {
  const clients = pageClients?.map(({ clientId, clientSecret, redirectUri }) => {
    const isWhole = clientSecret !== undefined && redirectUri !== undefined
    return { clientId, exchange: isWhole ? { clientSecret, redirectUri } : null }
  })
  return { tokenUrl: tokenUrl ?? platformUrl, clients: clients ?? withoutExchange(clientIds) }
}

/** The same at Apple, which wants a key in place of a secret. */
export function applePages(
  { clientIds, pageClients, tokenUrl }: AppleTexts,
  platformUrl: string,
): PageSettings<AppleExchange> {
  const clients = pageClients?.map(({ clientId, teamId, keyId, privateKey, redirectUri }) => {
    const isWhole = teamId !== undefined && keyId !== undefined && privateKey !== undefined && redirectUri !== undefined
    return { clientId, exchange: isWhole ? { teamId, keyId, privateKey, redirectUri } : null }
  })
  return { tokenUrl: tokenUrl ?? platformUrl, clients: clients ?? withoutExchange(clientIds) }
}

function withoutExchange(clientIds: readonly string[]) {
  return clientIds.map((clientId) => ({ clientId, exchange: null }))
}

interface PageFault {
  readonly said: string
  readonly remedy: string
}

/** Google's own pop-up names this where others name an address. */
const POP_UP = 'postmessage'

/** What is wrong with the clients of pages, in words that quote no secret. */
export function pageClientFaults(logins: LoginTexts = {}, env: Environment): PageFault[] {
  const { facebook, google, apple } = logins
  const faults: PageFault[] = []
  const add = (said: string, remedy: string) => faults.push({ said, remedy })
  const all = { google: google?.pageClients ?? [], apple: apple?.pageClients ?? [] }
  for (const [name, clients] of Object.entries(all)) {
    const ids = clients.map(({ clientId }) => clientId)
    for (const id of new Set(ids.filter((clientId, i) => ids.indexOf(clientId) !== i)))
      add(`pageClients of ${name} names ${quoted(id)} twice`, 'Name each client once.')
  }
  for (const { clientId, clientSecret, redirectUri } of all.google) {
    if ((clientSecret === undefined) !== (redirectUri === undefined))
      add(
        `${quoted(clientId)} of Google has only one of clientSecret and redirectUri`,
        'Give both where the page brings authorization codes, or neither where it brings identity tokens.',
      )
  }
  for (const { clientId, teamId, keyId, privateKey, redirectUri } of all.apple) {
    const given = [teamId, keyId, privateKey, redirectUri].filter((part) => part !== undefined).length
    if (given !== 0 && given !== 4)
      add(
        `${quoted(clientId)} of Apple has only some of teamId, keyId, privateKey and redirectUri`,
        'Give all four where the page brings authorization codes, or none where it brings identity tokens.',
      )
    if (privateKey !== undefined && !isKeyOfP256(privateKey))
      add(
        `privateKey of ${quoted(clientId)} of Apple is no private key of P-256`,
        'Paste the .p8 file that Apple gave for keyId as it is, each line break written as \\n.',
      )
  }
  const addresses = [...[...all.google, ...all.apple].map((client) => client.redirectUri), facebook?.pageRedirectUri]
  for (const text of addresses) {
    if (text !== undefined && text !== POP_UP && !isAddress(text, env))
      add(`the redirectUri ${quoted(text)} is no full https address`, 'Give it exactly as the page names it.')
  }
  return faults
}

function isKeyOfP256(pem: string): boolean {
  try {
    return createPrivateKey(pem).asymmetricKeyDetails?.namedCurve === 'prime256v1'
  } catch {
    return false
  }
}

function isAddress(text: string, env: Environment): boolean {
  const protocol = URL.parse(text)?.protocol
  return protocol === 'https:' || (protocol === 'http:' && env === 'local')
}

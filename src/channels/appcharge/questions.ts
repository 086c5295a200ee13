import { parsePlayerId } from '../../kernel/ids.ts'
import { accepted, type Outcome, refused } from '../../kernel/outcome.ts'
import type { LoginProof, PlatformQuestion, WebhookCall } from '../channel.ts'
import { readJson } from '../read-body.ts'
import type { AppchargeInstance, AuthMethod } from './instance.ts'

type Fields = Readonly<Record<string, unknown>>

// A login platform's token is a few kilobytes; what a player types, far less.
const CREDENTIAL_LENGTH_MAX = 16_384
const TYPED_LENGTH_MAX = 1_024

/**
 * What Appcharge asks in these callbacks. Passwords and tokens stand in them, so they are never kept, not even where they do not
 * fit: such a one is only refused.
 */
export function questionFrom(
  instance: AppchargeInstance,
  { callback, call }: { callback: 'auth' | 'auth-initiate' | 'personalize'; call: WebhookCall },
): Outcome<PlatformQuestion> {
  const fields = readFields(call.rawBody)
  if (fields === null) return refused('malformed_json')
  switch (callback) {
    case 'auth':
      return loginAsked(instance, { fields, requestId: call.requestId })
    case 'auth-initiate': {
      const { appId, instance: name, deepLink } = instance
      const isOffered = deepLink !== null && instance.authMethods.includes('otp')
      return isOffered ? accepted({ asks: 'begin_login', appId, instance: name }) : refused('login_type_unavailable')
    }
    case 'personalize': {
      const playerId = parsePlayerId(textOf(fields['playerId'], { max: TYPED_LENGTH_MAX }) ?? '')
      if (playerId === null) return refused('player_not_found')
      return accepted({ asks: 'what_may_they_buy', appId: instance.appId, playerId })
    }
  }
}

function readFields(rawBody: Uint8Array): Fields | null {
  const body = readJson(rawBody)
  return typeof body === 'object' && body !== null && !Array.isArray(body) ? (body as Fields) : null
}

function loginAsked(
  { appId, instance, authMethods }: AppchargeInstance,
  { fields, requestId }: { fields: Fields; requestId: string },
): Outcome<PlatformQuestion> {
  const method = authMethods.find((known) => known === fields['authMethod'])
  if (method === undefined) return refused('login_type_unavailable')
  const proof = proofFrom(fields, method)
  return proof ? accepted({ asks: 'log_in', appId, instance, proof, requestId }) : refused('proof_malformed')
}

/** What somebody shows of themselves; null where it has not the form of its method. */
function proofFrom(fields: Fields, method: AuthMethod): LoginProof | null {
  const credential = textOf(fields['token'], { max: CREDENTIAL_LENGTH_MAX })
  switch (method) {
    case 'facebook':
    case 'google':
    case 'apple': {
      const clientId = textOf(fields['appId'], { max: TYPED_LENGTH_MAX })
      return credential === null
        ? null
        : { kind: 'provider', provider: method, credential, clientId: clientId === 'NA' ? null : clientId }
    }
    case 'userToken': {
      const text = textOf(fields['token'], { max: TYPED_LENGTH_MAX })
      return text === null ? null : { kind: 'player_number', text }
    }
    case 'userPassword': {
      const name = textOf(fields['userName'], { max: TYPED_LENGTH_MAX })
      const password = textOf(fields['password'], { max: TYPED_LENGTH_MAX })
      return name === null || password === null ? null : { kind: 'password', name, password }
    }
    case 'otp': {
      const otp = fields['otp']
      if (typeof otp !== 'object' || otp === null) return null
      const code = textOf((otp as Fields)['playerCode'], { max: TYPED_LENGTH_MAX })
      const loginToken = textOf((otp as Fields)['accessToken'], { max: TYPED_LENGTH_MAX })
      return code === null || loginToken === null ? null : { kind: 'store_code', code, loginToken }
    }
  }
}

function textOf(value: unknown, { max }: { max: number }): string | null {
  return typeof value === 'string' && value !== '' && value.length <= max ? value : null
}

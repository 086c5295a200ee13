import { createRemoteJWKSet, customFetch, errors, type JWTPayload, jwtVerify } from 'jose'
import { accepted, type Outcome, refused } from '../../kernel/outcome.ts'
import type { WebhookCall } from '../channel.ts'
import { callPlatform } from '../platform-call.ts'
import { unavailable } from './client.ts'

/** Whose pushes are believed: those of this service account, made for this audience. */
export interface PushSettings {
  readonly audience: string
  readonly serviceAccountEmail: string
  /** `projects/<project>/subscriptions/<name>`; null: any of that account. */
  readonly subscription: string | null
}

export type ProvePush = (call: Pick<WebhookCall, 'headers' | 'nowMs'>) => Promise<Outcome<'genuine'>>

const ISSUERS = ['https://accounts.google.com', 'accounts.google.com']
/** Two clocks differ by this much. */
const TOLERANCE_SECONDS = 60
const HEADER_CHARS_MAX = 8192
const KEYS_TIMEOUT_MS = 4_000
const KEYS_BYTES_MAX = 64 * 1024

class KeysUnavailable extends Error {}

/**
 * Proves that a push comes from our subscription: by a token of Google's for our audience, in the name of our own service
 * account. Its audience alone says nothing: anybody can have Google make a token for it, in the name of theirs. What is
 * signed otherwise than by RS256, with one of Google's keys, is not looked at.
 */
export function openPushProof(push: PushSettings, { certsUrl }: { certsUrl: string }): ProvePush {
  const keys = createRemoteJWKSet(new URL(certsUrl), { [customFetch]: fetchKeys })
  return async ({ headers, nowMs }) => {
    const token = bearerOf(headers['authorization'])
    if (token === null) return refused('invalid_signature')
    try {
      const { payload } = await jwtVerify(token, keys, {
        algorithms: ['RS256'],
        audience: push.audience,
        issuer: ISSUERS,
        currentDate: new Date(nowMs),
        clockTolerance: TOLERANCE_SECONDS,
        requiredClaims: ['exp', 'iat', 'email'],
      })
      return isOurs(payload, push) ? accepted('genuine') : refused('invalid_signature')
    } catch (error) {
      if (error instanceof KeysUnavailable || error instanceof errors.JWKSTimeout) {
        return unavailable("Google's keys are out of reach")
      }
      if (error instanceof errors.JOSEError) return refused('invalid_signature')
      throw error
    }
  }
}

function isOurs({ aud, email, email_verified: isVerified }: JWTPayload, push: PushSettings): boolean {
  return aud === push.audience && email === push.serviceAccountEmail && isVerified === true
}

function bearerOf(header: string | string[] | undefined): string | null {
  if (typeof header !== 'string' || header.length > HEADER_CHARS_MAX) return null
  return /^Bearer +([\w-]+\.[\w-]+\.[\w-]+)$/i.exec(header)?.[1] ?? null
}

async function fetchKeys(url: string): Promise<Response> {
  const reply = await callPlatform({
    ...{ method: 'GET', url, headers: {} },
    timeoutMs: KEYS_TIMEOUT_MS,
    bodyBytesMax: KEYS_BYTES_MAX,
  })
  const isSet = reply.answered && reply.status === 200 && Array.isArray((reply.json as { keys?: unknown } | null)?.keys)
  if (!isSet) throw new KeysUnavailable()
  return Response.json(reply.json)
}

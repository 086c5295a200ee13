import { createPrivateKey, type KeyObject } from 'node:crypto'
import { SignJWT } from 'jose'
import { accepted, type Outcome, refused, refusedField } from '../../kernel/outcome.ts'
import { callPlatform } from '../platform-call.ts'
import type { AppleApiKey, AppleEnvironment, AppleInstance } from './instance.ts'

/** Apple allows an hour; a call takes seconds. */
const TOKEN_SECONDS = 300
const AUDIENCE = 'appstoreconnect-v1'

// Not found for now: the store's own machines have not all heard of it yet.
const NOT_FOUND_YET: ReadonlySet<unknown> = new Set([4040002, 4040004, 4040006])
const TOO_LONG_AGO = 4000012

/** Asks the App Store Server API of an app. */
export interface AppleApi {
  ask(call: AppleCall): Promise<Outcome<unknown>>
}

export interface AppleCall {
  readonly environment: AppleEnvironment
  readonly method: 'GET' | 'POST' | 'PUT'
  readonly path: string
  readonly body?: unknown
  readonly nowMs: number
}

/** Opens the API by a key of App Store Connect. */
export function openAppleApi(
  { bundleId, apiUrls }: Pick<AppleInstance, 'bundleId' | 'apiUrls'>,
  apiKey: AppleApiKey,
): AppleApi {
  const key = createPrivateKey(apiKey.privateKey)
  return {
    ask: async ({ environment, method, path, body, nowMs }) => {
      const token = await tokenAt(nowMs, { bundleId, apiKey, key })
      const reply = await callPlatform({
        ...{ method, url: apiUrls[environment] + path, headers: { authorization: `Bearer ${token}` } },
        ...(body === undefined ? {} : { body }),
      })
      if (!reply.answered) return refused('channel_unavailable')
      return reply.status >= 200 && reply.status < 300 ? accepted(reply.json) : refusalOf(reply)
    },
  }
}

function tokenAt(
  nowMs: number,
  { bundleId, apiKey, key }: { bundleId: string; apiKey: AppleApiKey; key: KeyObject },
): Promise<string> {
  const issuedAt = Math.floor(nowMs / 1000)
  return new SignJWT({ bid: bundleId })
    .setProtectedHeader({ alg: 'ES256', kid: apiKey.keyId, typ: 'JWT' })
    .setIssuer(apiKey.issuerId)
    .setAudience(AUDIENCE)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + TOKEN_SECONDS)
    .sign(key)
}

/** A key that is not accepted can be mended by the operator, so that is asked again too. */
function refusalOf({ status, json }: { status: number; json: unknown }): ReturnType<typeof refused> {
  const code = (json as { errorCode?: unknown } | null | undefined)?.errorCode
  if (status === 404) return refused(NOT_FOUND_YET.has(code) ? 'channel_unavailable' : 'purchase_not_found')
  if (code === TOO_LONG_AGO) return refusedField('from', 'is longer ago than Apple keeps its notifications')
  const isFinal = status >= 400 && status < 500 && ![401, 403, 408, 429].includes(status)
  return refused(isFinal ? 'platform_refused' : 'channel_unavailable')
}

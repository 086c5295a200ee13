import { timingSafeEqual } from 'node:crypto'
import { equalTexts } from '../../kernel/equal-texts.ts'
import type { WebhookCall } from '../channel.ts'
import { SIGNATURE_TOLERANCE_MS } from '../timestamped-signature.ts'
import type { AppchargeInstance } from './instance.ts'
import { digestOf, PROJECT_HEADER, SIGNATURE_HEADER, TOKEN_HEADER } from './sign.ts'

type Trust = Pick<AppchargeInstance, 'mainKeys' | 'publisherToken' | 'projectId' | 'acceptSeconds'>

/**
 * Whether a callback is Appcharge's own and of this project: by its signature over the bytes that were sent, then by the shared
 * token and, of an event, by its project. Of a message that was kept only the signature is asked for again.
 */
export function isGenuine(trust: Trust, call: WebhookCall): boolean {
  if (!isSigned(trust, call)) return false
  return call.wasProven === true || (hasToken(trust, call) && isOfProject(trust, call))
}

function isSigned({ mainKeys, acceptSeconds }: Trust, { headers, rawBody, nowMs }: WebhookCall): boolean {
  const header = headers[SIGNATURE_HEADER]
  const parts = typeof header === 'string' ? partsOf(header) : null
  const { t: time = '', v1 = '' } = parts ?? {}
  const signedAtMs = millisecondsOf(time, acceptSeconds)
  if (signedAtMs === null || !/^[0-9a-f]{64}$/.test(v1)) return false
  if (Math.abs(nowMs - signedAtMs) > SIGNATURE_TOLERANCE_MS) return false
  const given = Buffer.from(v1, 'hex')
  let signed = false
  for (const mainKey of mainKeys) {
    if (timingSafeEqual(digestOf(mainKey, { time, body: rawBody }), given)) signed = true
  }
  return signed
}

/** The parts by their names, in any order; null where one is there twice: which of the two was meant, nobody can say. */
function partsOf(header: string): Readonly<Record<string, string>> | null {
  const parts = new Map<string, string>()
  for (const part of header.split(',', 10)) {
    const at = part.indexOf('=')
    const name = part.slice(0, Math.max(at, 0)).trim()
    if (parts.has(name)) return null
    parts.set(name, part.slice(at + 1).trim())
  }
  return Object.fromEntries(parts)
}

function millisecondsOf(time: string, acceptSeconds: boolean): number | null {
  if (/^[0-9]{13}$/.test(time)) return Number(time)
  return acceptSeconds && /^[0-9]{10}$/.test(time) ? Number(time) * 1000 : null
}

function hasToken({ publisherToken }: Trust, { headers }: WebhookCall): boolean {
  const given = headers[TOKEN_HEADER]
  return typeof given === 'string' && equalTexts(given, publisherToken)
}

/** Events name their project; of the other callbacks it is not documented that they do. */
function isOfProject({ projectId }: Trust, { headers, callback }: WebhookCall): boolean {
  const given = headers[PROJECT_HEADER]
  if (projectId === null || (given === undefined && callback !== 'events')) return true
  return typeof given === 'string' && equalTexts(given, projectId)
}

import { createHash, randomBytes } from 'node:crypto'
import type { IdentityNotice } from '../../identity-providers/identity-provider.ts'
import { isoTime } from '../../kernel/clock.ts'
import type { AppId, PlayerId } from '../../kernel/ids.ts'

/** The addresses to which platforms send their notices. */
export type NoticeRoute = 'events' | 'deletion' | 'deauthorize'

/** What a notice asks for. Where a platform has an address for each kind, the address says it: the message looks alike. */
export function noticeKind(route: NoticeRoute, notice: IdentityNotice): IdentityNotice['kind'] {
  if (notice.kind === 'none' || route === 'events') return notice.kind
  return route === 'deletion' ? 'forget' : 'sign_out'
}

/** Of one notice always the same, however often it is told. */
export function noticeKeyOf(told: { appId: AppId; provider: string; route: NoticeRoute; key: string }): string {
  const text = JSON.stringify([told.appId, told.provider, told.route, told.key])
  return createHash('sha256').update(text).digest('hex')
}

/** 128 bits in letters and digits: whoever has it may ask how a deletion stands, and nobody guesses it. */
export function newConfirmationCode(): string {
  return randomBytes(16).toString('hex')
}

export const CONFIRMATION_CODE = /^[0-9a-f]{32}$/

/**
 * Whether a kept message that belongs to nobody names this player: in JSON as the whole of some text, as every form of
 * ours has it; in what is no JSON, right behind a word for a user.
 */
export function namesPlayer(body: Uint8Array, playerId: PlayerId): boolean {
  const text = new TextDecoder().decode(body)
  if (!text.includes(String(playerId))) return false
  try {
    return holdsText(JSON.parse(text), String(playerId))
  } catch {
    return new RegExp(`(?:uid|user|player)[^0-9]{0,20}${playerId}(?![0-9])`, 'i').test(text)
  }
}

/** Walks what JSON.parse gave, without recursion: a message may be nested as deeply as its sender likes. */
function holdsText(value: unknown, wanted: string): boolean {
  const waiting: unknown[] = [value]
  while (waiting.length > 0) {
    const next = waiting.pop()
    if (next === wanted) return true
    if (typeof next === 'object' && next !== null) waiting.push(...Object.values(next))
  }
  return false
}

/** A row as its person reads it: times as ISO 8601, everything else as it is kept. */
export function exportedRow(row: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) =>
      /(?:^|_)at_ms$/.test(name)
        ? [name.slice(0, -'_ms'.length), typeof value === 'number' ? isoTime(value) : null]
        : [name, value],
    ),
  )
}

/** A raw body as JSON can carry it: its text where it is UTF-8, else base64; a blanked one is null. */
export function exportedBody(body: Uint8Array): { body: string | null; body_encoding: 'utf-8' | 'base64' | null } {
  if (body.byteLength === 0) return { body: null, body_encoding: null }
  try {
    return { body: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body), body_encoding: 'utf-8' }
  } catch {
    return { body: Buffer.from(body).toString('base64'), body_encoding: 'base64' }
  }
}

import type { Clock } from '../../kernel/clock.ts'
import type { AppId, SessionId } from '../../kernel/ids.ts'
import type { KeyValueStore } from '../../kv/kv.ts'
import type { AddressProvider } from './address-rules.ts'
import {
  type AddressSends,
  decideClientSend,
  decideSend,
  decideSessionSend,
  RESEND_AFTER_MS,
  SENDS_KEPT_MS,
  type SessionSend,
  SMS_SENDS_MAX,
  SMS_WINDOW_MS,
  withFailed,
  withoutFailed,
  withoutSend,
  withoutTaken,
} from './code-rules.ts'

/** What a code is good for: this address, in this session of this app, and nothing else. */
export interface CodePurpose {
  readonly appId: AppId
  readonly sessionId: SessionId
  readonly provider: AddressProvider
  /** In its normal form. */
  readonly address: string
}

/** A send that was taken, or how long there is none. */
export type TakenSend =
  | {
      readonly taken: true
      /** After a failed send: it counts for the wait until the next, and for no longer limit. */
      giveBack(): Promise<void>
    }
  | { readonly taken: false; readonly waitMs: number }

/** Records live a little longer in the store than they count: their end is judged by our clock, not by the store's. */
const TTL_MS = SENDS_KEPT_MS + 60_000
/** Each attempt that fails means that another send was taken or given back meanwhile, and there are few of either. */
const ATTEMPTS_MAX = 25

interface SendDeps {
  readonly kv: KeyValueStore
  readonly clock: Clock
  readonly seal: (...parts: string[]) => string
  /** Off where calls are not limited by address either: there everybody may come from one. */
  readonly countAddresses: boolean
}

/** A send that one of the limits has let through. */
interface TakenPart {
  readonly taken: true
  /** The send failed. */
  giveBack(): Promise<void>
  /** Another limit has refused the send: it was never asked for. */
  undo(): Promise<void>
}
type Part = TakenPart | { readonly taken: false; readonly waitMs: number }

/** Keeps who was sent codes at which times, by address, session and client. No address is readable in the store. */
export function openCodeSends(deps: SendDeps): {
  /** `from`: the client's address as limits count it. */
  take(purpose: CodePurpose, asked: { from: string }): Promise<TakenSend>
} {
  return {
    async take({ appId, sessionId, provider, address }, { from }) {
      const to = deps.seal('sends', appId, provider, address)
      // Whoever asks comes first: one who has none left must not touch what an address of somebody else has.
      const limits: (() => Promise<Part>)[] = [() => takeOfSession(deps, { sessionId, to })]
      if (deps.countAddresses) limits.push(() => takeOfClient(deps, { client: deps.seal('client', from) }))
      limits.push(() => takeOfAddress(deps, { to }))
      if (provider === 'sms') limits.push(() => takeOfApp(deps, { app: deps.seal('sms', appId) }))
      const parts: TakenPart[] = []
      for (const take of limits) {
        const part = await take()
        if (!part.taken) {
          for (const earlier of parts) await earlier.undo()
          return part
        }
        parts.push(part)
      }
      return {
        taken: true,
        giveBack: async () => {
          for (const part of parts.toReversed()) await part.giveBack()
        },
      }
    },
  }
}

async function takeOfAddress({ kv, clock }: SendDeps, { to }: { to: string }): Promise<Part> {
  const key = `code-sends:${to}`
  let [sentMs, waitMs] = [0, RESEND_AFTER_MS]
  const taken = await changeRecord(kv, key, (kept) => {
    sentMs = clock.nowMs()
    const decision = decideSend({ ...decodeAddress(kept), nowMs: sentMs })
    if (decision.allowed) return encodeAddress({ sentAtMs: decision.sentAtMs, failedAtMs: null })
    waitMs = decision.waitMs
    return null
  })
  if (!taken) return { taken, waitMs }
  const after = (change: typeof withoutFailed) => async () => {
    await changeRecord(kv, key, (kept) => encodeAddress(change(decodeAddress(kept), { sentMs })))
  }
  return { taken, giveBack: after(withoutFailed), undo: after(withoutTaken) }
}

async function takeOfSession(
  { kv, clock }: SendDeps,
  { sessionId, to }: { sessionId: SessionId; to: string },
): Promise<Part> {
  const key = `code-sends-of:${sessionId}`
  let [atMs, waitMs] = [0, RESEND_AFTER_MS]
  const taken = await changeRecord(kv, key, (kept) => {
    atMs = clock.nowMs()
    const decision = decideSessionSend(decodeSession(kept), { to, nowMs: atMs })
    if (decision.allowed) return encodeSession(decision.sends)
    waitMs = decision.waitMs
    return null
  })
  if (!taken) return { taken, waitMs }
  const after = (change: typeof withFailed) => async () => {
    await changeRecord(kv, key, (kept) => encodeSession(change(decodeSession(kept), { to, atMs })))
  }
  return { taken, giveBack: after(withFailed), undo: after(withoutSend) }
}

async function takeOfClient({ kv, clock }: SendDeps, { client }: { client: string }): Promise<Part> {
  const key = `code-sends-from:${client}`
  let [atMs, waitMs] = [0, RESEND_AFTER_MS]
  const taken = await changeRecord(kv, key, (kept) => {
    atMs = clock.nowMs()
    const decision = decideClientSend(decodeTimes(kept), { nowMs: atMs })
    if (decision.allowed) return JSON.stringify(decision.sentAtMs)
    waitMs = decision.waitMs
    return null
  })
  if (!taken) return { taken, waitMs }
  const withoutIt = async (): Promise<void> => {
    await changeRecord(kv, key, (kept) => {
      const times = decodeTimes(kept)
      const at = times.indexOf(atMs)
      return at === -1 ? null : JSON.stringify(times.toSpliced(at, 1))
    })
  }
  return { taken, giveBack: withoutIt, undo: withoutIt }
}

/** Counted by the hour, in one step, and asked last: what is counted here has passed every other limit. */
async function takeOfApp({ kv, clock }: SendDeps, { app }: { app: string }): Promise<Part> {
  const nowMs = clock.nowMs()
  const hour = Math.floor(nowMs / SMS_WINDOW_MS)
  const sends = await kv.increment(`code-sends-sms:${app}:${hour}`, { ttlMs: 2 * SMS_WINDOW_MS })
  if (sends > SMS_SENDS_MAX) return { taken: false, waitMs: (hour + 1) * SMS_WINDOW_MS - nowMs }
  // One that failed may have been sent and paid for all the same.
  return { taken: true, giveBack: async () => {}, undo: async () => {} }
}

/** Changes what a key holds, whoever else changes it. False where `change` gives null, or others never stop. */
async function changeRecord(
  kv: KeyValueStore,
  key: string,
  change: (kept: string | null) => string | null,
): Promise<boolean> {
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const kept = await kv.get(key)
    const next = change(kept)
    if (next === null) return false
    const done =
      kept === null
        ? await kv.setIfAbsent(key, next, { ttlMs: TTL_MS })
        : await kv.compareAndSet(key, { expected: kept, next, ttlMs: TTL_MS })
    if (done) return true
  }
  return false
}

function decodeTimes(text: string | null): number[] {
  return text === null ? [] : (JSON.parse(text) as number[])
}

function encodeAddress({ sentAtMs, failedAtMs }: AddressSends): string {
  return JSON.stringify([sentAtMs, failedAtMs])
}

function decodeAddress(text: string | null): AddressSends {
  if (text === null) return { sentAtMs: [], failedAtMs: null }
  const [sentAtMs, failedAtMs] = JSON.parse(text) as [number[], number | null]
  return { sentAtMs, failedAtMs }
}

function encodeSession(sends: readonly SessionSend[]): string {
  return JSON.stringify(sends.map(({ atMs, to, failed }) => [atMs, to, failed]))
}

function decodeSession(text: string | null): SessionSend[] {
  const sends = text === null ? [] : (JSON.parse(text) as [number, string, boolean][])
  return sends.map(([atMs, to, failed]) => ({ atMs, to, failed }))
}

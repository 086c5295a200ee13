import type { Clock } from '../../kernel/clock.ts'
import type { AppId, SessionId } from '../../kernel/ids.ts'
import type { KeyValueStore } from '../../kv/kv.ts'
import type { AddressProvider } from './address-rules.ts'
import {
  type AddressSends,
  decideSend,
  decideSessionSend,
  RESEND_AFTER_MS,
  SENDS_KEPT_MS,
  type SessionSend,
  withFailed,
  withoutFailed,
  withoutSend,
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

/** Keeps who was sent codes at which times, by address and by session. An address is never readable in the store. */
export function openCodeSends(deps: { kv: KeyValueStore; clock: Clock; seal: (...parts: string[]) => string }): {
  take(purpose: CodePurpose): Promise<TakenSend>
} {
  return {
    async take({ appId, sessionId, provider, address }) {
      const to = deps.seal('sends', appId, provider, address)
      // The session first: one that has none left must not touch what an address of somebody else has.
      const ofSession = await takeOfSession(deps, { sessionId, to })
      if (!ofSession.taken) return ofSession
      const ofAddress = await takeOfAddress(deps, { to })
      if (!ofAddress.taken) {
        await ofSession.undo()
        return ofAddress
      }
      return {
        taken: true,
        giveBack: async () => {
          await ofAddress.giveBack()
          await ofSession.giveBack()
        },
      }
    },
  }
}

async function takeOfAddress(
  { kv, clock }: { kv: KeyValueStore; clock: Clock },
  { to }: { to: string },
): Promise<TakenSend> {
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
  return {
    taken,
    giveBack: async () => {
      await changeRecord(kv, key, (kept) => encodeAddress(withoutFailed(decodeAddress(kept), { sentMs })))
    },
  }
}

async function takeOfSession(
  { kv, clock }: { kv: KeyValueStore; clock: Clock },
  { sessionId, to }: { sessionId: SessionId; to: string },
): Promise<(TakenSend & { taken: true; undo(): Promise<void> }) | (TakenSend & { taken: false })> {
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

import { setTimeout as delay } from 'node:timers/promises'
import type { Database } from '../../db/database.ts'
import { type Clock, stopwatch } from '../../kernel/clock.ts'
import { invariant } from '../../kernel/invariant.ts'
import { openKeySeal } from './seal-key.ts'
import { KID_PATTERN, type OpenedKey, openKey, type PublicKey } from './signing-key.ts'
import { type KeyPlan, planKeys, VERIFIES_ON_MS } from './signing-key-rules.ts'
import { readStoredKeys, type StoredKey } from './stored-keys.ts'

/** The keys of access tokens, as this process knows them. */
export interface Keyring {
  /** The key that signs now. */
  signer(): OpenedKey
  /** The key of a token's head, as it is known; also one that has retired. `kid` null: a token that names none. */
  find(kid: string | null): OpenedKey | null
  /** The same, asking the database for a key that nobody here has seen yet. @throws StorageUnavailable */
  look(kid: string | null): Promise<OpenedKey | null>
  /** Whether everything that a key has ever signed is over. */
  isRetired(kid: string | null): boolean
  /** Of the keys whose tokens others can check: those that sign, will sign, or have signed what still lives. */
  publicKeys(): PublicKey[]
  /** Reads the keys again, now. @throws StorageUnavailable; what was known stays. */
  reload(): Promise<void>
  close(): Promise<void>
}

/** A key from the configuration. */
export type GivenKey =
  | { readonly kid: string; readonly alg: 'HS256'; readonly secret: string }
  /** `seed`: 32 bytes in base64url. */
  | { readonly kid: string; readonly alg: 'EdDSA'; readonly seed: string }

interface KeyringDeps {
  readonly database: Database
  readonly clock: Clock
  /** JWT_SECRET: signs where no other key does, and opens the sealed ones. */
  readonly secret: string
  readonly report: KeyringReport
}

export interface KeyringReport {
  /** A key that cannot be opened; told once. */
  sealed(kid: string): void
  /** The keys could not be read again; told once for each time that the database is away. */
  stale(error: unknown): void
}

/** Every key of this process, and what its plan says of them. */
interface Ring {
  /** Null for one that nothing is checked by: it was revoked, or cannot be opened. */
  readonly keys: ReadonlyMap<string | null, OpenedKey | null>
  readonly plan: Pick<KeyPlan, 'signerAt' | 'verifiesUntilMs'>
}

const FRESH_MS = 5_000
/** However many tokens name keys that nobody has seen: the database is asked no more often than this for them. */
const LOOK_EVERY_MS = 1_000
// They wait for a second at most; what comes on top of so many is somebody who makes kids up.
const LOOKS_WAITING_MAX = 1_000

/** The keys of the configuration where there are any, else those of the database. */
export function openKeyring(deps: KeyringDeps & { given: readonly GivenKey[] | null }): Promise<Keyring> {
  return deps.given === null ? openStoredKeyring(deps) : openGivenKeyring({ ...deps, keys: deps.given })
}

/** JWT_SECRET, and the keys that `npm run keys` has made, read again and again from the database. */
async function openStoredKeyring(deps: KeyringDeps): Promise<Keyring> {
  const { clock, database, report } = deps
  const implicit = await implicitKey(deps.secret)
  const seal = openKeySeal(deps.secret)
  const opened = new Map<string, { sealed: string; key: OpenedKey | null }>()
  const openOnce = async ({ kid, alg, sealed }: StoredKey): Promise<OpenedKey | null> => {
    const known = opened.get(kid)
    if (known?.sealed === sealed) return known.key
    const material = seal.open({ kid, alg, sealed })
    const key = material === null ? null : await openKey({ kid, alg, material })
    opened.set(kid, { sealed, key })
    if (key === null) report.sealed(kid)
    return key
  }
  const read = async (): Promise<Ring> => {
    const stored = await readStoredKeys(database.db)
    const keys = new Map<string | null, OpenedKey | null>([[null, implicit]])
    const openable: StoredKey[] = []
    for (const one of stored) {
      const key = await openOnce(one)
      keys.set(one.kid, one.revokedAtMs === null ? key : null)
      if (key !== null) openable.push(one)
    }
    return { keys, plan: planKeys(openable) }
  }
  const loader = await openLoader({ clock, read, stale: report.stale })
  return ringOf({ clock, ...loader })
}

/** The keys of JWT_KEYS: the first signs. Those that `npm run keys` has made are not used beside them. */
async function openGivenKeyring(deps: { keys: readonly GivenKey[]; clock: Clock; secret: string }): Promise<Keyring> {
  const { clock } = deps
  const opened = await Promise.all(
    deps.keys.map((key) => {
      const text = key.alg === 'HS256' ? Buffer.from(key.secret) : Buffer.from(key.seed, 'base64url')
      return openKey({ kid: key.kid, alg: key.alg, material: new Uint8Array(text) })
    }),
  )
  const [first] = opened
  invariant(first, 'JWT_KEYS has a key')
  const all = [await implicitKey(deps.secret), ...opened]
  // Nobody wrote down when JWT_KEYS was set: what was signed before it was is over a token's life after this start.
  const implicitUntilMs = clock.nowMs() + VERIFIES_ON_MS
  const ring: Ring = {
    keys: new Map(all.map((key) => [key.kid, key])),
    plan: {
      signerAt: () => first.kid,
      verifiesUntilMs: (kid) => (kid === null ? implicitUntilMs : Infinity),
    },
  }
  const nothing = async (): Promise<void> => undefined
  return ringOf({ clock, ring: () => ring, look: nothing, reload: nothing, close: nothing })
}

function implicitKey(secret: string): Promise<OpenedKey> {
  return openKey({ kid: null, alg: 'HS256', material: new Uint8Array(Buffer.from(secret)) })
}

/** How a ring comes to be known here, and known better. */
interface Loader {
  /** The ring as it is known; what is older than five seconds is read again behind the caller's back. */
  ring(): Ring
  /** Waits for a reading that begins after now. */
  look(): Promise<void>
  reload(): Promise<void>
  close(): Promise<void>
}

function ringOf({ clock, ring, look, reload, close }: Loader & { clock: Clock }): Keyring {
  const find = (kid: string | null): OpenedKey | null => ring().keys.get(kid) ?? null
  const isRetired = (kid: string | null): boolean => ring().plan.verifiesUntilMs(kid) <= clock.nowMs()
  return {
    signer: () => {
      const { keys, plan } = ring()
      const key = keys.get(plan.signerAt(clock.nowMs()))
      invariant(key, 'the key that signs is one of the ring')
      return key
    },
    find,
    look: async (kid) => {
      // With a key that is revoked everybody's tokens come at once, and must not crowd out those by a key that is new.
      if (ring().keys.has(kid) || kid === null || !KID_PATTERN.test(kid)) return find(kid)
      await look()
      return find(kid)
    },
    isRetired,
    publicKeys: () =>
      [...ring().keys.values()].flatMap((key) =>
        key === null || key.publicKey === null || isRetired(key.kid) ? [] : [key.publicKey],
      ),
    reload,
    close,
  }
}

async function openLoader(deps: {
  clock: Clock
  read: () => Promise<Ring>
  stale: (error: unknown) => void
}): Promise<Loader> {
  const { clock } = deps
  let ring = await deps.read()
  let readAtMs = clock.nowMs()
  let sinceBegun = stopwatch()
  let isAway = false
  let underWay: Promise<void> = Promise.resolve()
  let behind: Promise<void> | null = null
  let awaited: Promise<void> | null = null
  let waiting = 0

  // One after the other, so that no older reading replaces a younger one.
  const reload = (): Promise<void> => {
    const reading = underWay.then(async () => {
      readAtMs = clock.nowMs()
      sinceBegun = stopwatch()
      ring = await deps.read()
      isAway = false
    })
    underWay = reading.catch((error: unknown) => {
      if (!isAway) deps.stale(error)
      isAway = true
    })
    return reading
  }
  const reloadBehind = (): void => {
    // A database that hangs must not find a queue of readings when it is back: whoever looks a key up waits behind it.
    if (behind !== null) return
    behind = reload()
      .catch(() => undefined)
      .finally(() => {
        behind = null
      })
  }
  const readInTime = async (): Promise<void> => {
    await underWay
    while (sinceBegun() < LOOK_EVERY_MS) await delay(Math.ceil(LOOK_EVERY_MS - sinceBegun()))
    awaited = null
    await reload()
  }
  // A process that nobody asks must not sign its next token by a key that retired meanwhile.
  const timer = setInterval(reloadBehind, FRESH_MS).unref()

  return {
    ring: () => {
      if (Math.abs(clock.nowMs() - readAtMs) >= FRESH_MS) reloadBehind()
      return ring
    },
    look: async () => {
      if (waiting >= LOOKS_WAITING_MAX) return
      waiting += 1
      try {
        // Shared by all that come before it begins: the key of a token was written before the token was.
        awaited ??= readInTime()
        await awaited
      } finally {
        waiting -= 1
      }
    },
    reload,
    close: async () => {
      clearInterval(timer)
      await underWay
    },
  }
}

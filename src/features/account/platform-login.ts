import type { LoginProof, PlatformLogin, PlatformQuestion, PlayerShown } from '../../channels/channel.ts'
import type { Row } from '../../db/schema.ts'
import type { AppId } from '../../kernel/ids.ts'
import { parsePlayerId } from '../../kernel/ids.ts'
import { accepted, type Outcome, refused } from '../../kernel/outcome.ts'
import { originOfChannel, type RecordSecurityEvent } from '../../kernel/security-event.ts'
import { KeyValueUnavailable } from '../../kv/kv.ts'
import { displayName, findPlayer, findPlayerByIdentity } from '../players/index.ts'
import type { SessionStore } from '../sessions/index.ts'
import { typedCode } from './code-rules.ts'
import { recordLogin } from './login-events.ts'
import { meansOfPassword, type PasswordDeps, provePassword } from './page-password.ts'
import type { StoreCodes } from './store-codes.ts'

export interface PlatformLoginDeps extends PasswordDeps {
  readonly sessions: SessionStore
  readonly storeCodes: StoreCodes
  readonly record: RecordSecurityEvent
}

type LoginAsked = Extract<PlatformQuestion, { readonly asks: 'log_in' }>
type ProofOf<Kind extends LoginProof['kind']> = Extract<LoginProof, { readonly kind: Kind }>
type Entered = Outcome<{ readonly player: Row<'users'>; readonly shown: PlayerShown }>

/**
 * Lets players in on pages that a payment platform runs. Nobody gets a session by it and nobody becomes a player: whoever
 * proves an identity that no player has is `player_not_found`, and so is an erased one.
 */
export function openPlatformLogin(deps: PlatformLoginDeps): PlatformLogin {
  const askIfFew = openAsking()
  return {
    async logIn(asked) {
      const entered = await orUnavailable(() => enter({ ...deps, askIfFew }, asked))
      const session = { appId: asked.appId, playerId: null }
      const about = { session, provider: meansOf(asked.proof), origin: originOfChannel(asked) }
      recordLogin(deps.record, about, entered.ok ? accepted({ ...entered.value, isNew: false }) : entered)
      return entered.ok ? accepted(entered.value.shown) : entered
    },
    begin: ({ appId, instance }) =>
      orUnavailable(async () => {
        const begun = await deps.storeCodes.begin({ appId, instance })
        return begun === null ? refused('too_many_requests') : accepted(begun)
      }),
  }
}

/** The store of codes and of failures is away: nobody is let in meanwhile, and the page may try again. */
async function orUnavailable<T>(work: () => Promise<Outcome<T>>): Promise<Outcome<T>> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof KeyValueUnavailable) return refused('sessions_unavailable')
    throw error
  }
}

/** The way in, as the trail names it. */
function meansOf(proof: LoginProof): string {
  switch (proof.kind) {
    case 'provider':
      return proof.provider
    case 'password':
      return meansOfPassword(proof).provider
    case 'store_code':
    case 'player_number':
      return proof.kind
  }
}

/**
 * Whoever opens a page can make us ask a login platform. So many wait for one at once, each process counting its own, that
 * a platform which hangs holds no more of ours than these.
 */
const ASKING_MAX = 100

interface EnterDeps extends PlatformLoginDeps {
  /** Asks a platform, unless too many do so already: then null. */
  askIfFew<T>(key: string, ask: () => Promise<T>): Promise<T | null>
}

function openAsking(): EnterDeps['askIfFew'] {
  const asking = new Map<string, number>()
  return async (key, ask) => {
    const before = asking.get(key) ?? 0
    if (before >= ASKING_MAX) return null
    asking.set(key, before + 1)
    try {
      return await ask()
    } finally {
      asking.set(key, (asking.get(key) ?? 1) - 1)
    }
  }
}

async function enter(deps: EnterDeps, asked: LoginAsked): Promise<Entered> {
  const { appId, proof } = asked
  switch (proof.kind) {
    case 'provider':
      return enterByProvider(deps, { appId, proof })
    case 'password': {
      const proven = await provePassword(deps, { ...asked, proof })
      return proven.ok ? enterAs(deps, { appId, ...proven.value }) : proven
    }
    case 'store_code':
      return enterByStoreCode(deps, { ...asked, proof })
    case 'player_number':
      return enterByNumber(deps, { appId, proof })
  }
}

async function enterByProvider(
  deps: EnterDeps,
  { appId, proof }: { appId: AppId; proof: ProofOf<'provider'> },
): Promise<Entered> {
  const provider = deps.identityProviders.find(appId, proof.provider)
  if (provider === null) return refused('login_type_unavailable')
  const proven = await deps.askIfFew(`${appId} ${proof.provider}`, () => provider.proveFromPage(proof))
  if (proven === null) return refused('provider_unavailable')
  return proven.ok ? enterAs(deps, { appId, provider: proof.provider, subject: proven.value.subject }) : proven
}

async function enterByStoreCode(
  deps: PlatformLoginDeps,
  { appId, instance, proof }: LoginAsked & { readonly proof: ProofOf<'store_code'> },
): Promise<Entered> {
  const code = typedCode(proof.code)
  const source =
    code === null ? null : await deps.storeCodes.redeem({ appId, instance }, { loginToken: proof.loginToken, code })
  if (source === null) return refused('invalid_code')
  const { sessionId, playerId } = source
  // A session that was ended meanwhile, because somebody had stolen it, lets nobody in.
  const session = await deps.sessions.find(sessionId)
  if (session?.appId !== appId || session.playerId !== playerId) return refused('invalid_code')
  return shownOf(await findPlayer(deps.database.db, { appId, playerId }))
}

/** A number is no proof: whoever types one is not shown the name or the picture of its player. */
async function enterByNumber(
  deps: PlatformLoginDeps,
  { appId, proof }: { appId: AppId; proof: ProofOf<'player_number'> },
): Promise<Entered> {
  const playerId = parsePlayerId(proof.text.slice(0, TYPED_CHARS_MAX).normalize('NFKC').trim())
  const found = playerId === null ? null : await findPlayer(deps.database.db, { appId, playerId })
  const entered = shownOf(found)
  if (!entered.ok) return entered
  const { player } = entered.value
  const name = displayName({ user_id: player.user_id, user_name: '' })
  return accepted({ player, shown: { playerId: player.user_id, name, avatarUrl: '' } })
}

/** Fifteen digits, with blanks around them. */
const TYPED_CHARS_MAX = 64

async function enterAs(
  deps: PlatformLoginDeps,
  identity: { appId: AppId; provider: string; subject: string },
): Promise<Entered> {
  return shownOf(await findPlayerByIdentity(deps.database.db, identity))
}

function shownOf(player: Row<'users'> | null): Entered {
  if (player?.status !== 'active') return refused('player_not_found')
  const shown = { playerId: player.user_id, name: displayName(player), avatarUrl: player.avatar_url }
  return accepted({ player, shown })
}

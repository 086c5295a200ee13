import { mayClaimGift } from './gifts.ts'
import { inviterOf } from './invites.ts'
import type { Facts, StepOf } from './steps.ts'
import { callerForSomeone, type Device, type ModelPlayer, newPlayer, refuse, type World, whoCalls } from './world.ts'

const TOKEN_SECONDS = 10_800

/** A token speaks of whole seconds. */
function tokenEnd(nowMs: number): number {
  return (Math.floor(nowMs / 1000) + TOKEN_SECONDS) * 1000
}

export function answerToken(world: World, { asked }: StepOf<'token'>): Facts {
  if (asked === 'wrong secret' || asked === 'unknown app') refuse(401, 'invalid_app')
  if (asked === 'client') {
    world.device = {
      player: null,
      isEnded: false,
      tokenEndsAtMs: tokenEnd(world.nowMs),
      hasDeadToken: false,
      renewedAtMs: world.nowMs,
    }
  }
  return { scope: asked, expires_in: TOKEN_SECONDS }
}

/** Finds or makes the player, invited or not, and binds the session to them; one that is another player's stays so. */
export function answerLogin(world: World, { identity, share }: StepOf<'log_in'>): Facts {
  const caller = whoCalls(world, 'device')
  const session = world.device
  if (caller.kind === 'player' && caller.player.name !== identity) refuse(409, 'session_bound')
  const known = world.players.get(identity)
  const player = known ?? newPlayer(identity, inviterOf(world, share))
  world.players.set(identity, player)
  if (session) session.player = identity
  return { ...accountOf(world, player), is_new: !known }
}

export function answerLogout(world: World): Facts {
  whoCalls(world, 'device')
  if (world.device) world.device.isEnded = true
  return {}
}

// A player's refresh token lives thirty days, one of a session that nobody has logged in on one day: surely so long.
const HOUR_MS = 60 * 60 * 1000
const surelyAliveMs = ({ player }: Device): number => (player === null ? 23 * HOUR_MS : 29 * 24 * HOUR_MS)

/** The new pair's old token dies; who shows a dead one ends the session. Null when there is no such token to show. */
export function answerRotate(world: World, { token }: StepOf<'rotate'>): Facts | null {
  if (token === 'forged') refuse(401, 'session_revoked')
  const { device } = world
  if (device === null || (token === 'dead' && !device.hasDeadToken)) return null
  if (world.nowMs - device.renewedAtMs > surelyAliveMs(device)) return null
  if (device.isEnded) refuse(401, 'session_revoked')
  if (token === 'dead') {
    device.isEnded = true
    refuse(401, 'token_reused')
  }
  const renewed: Device = {
    ...device,
    tokenEndsAtMs: tokenEnd(world.nowMs),
    hasDeadToken: true,
    renewedAtMs: world.nowMs,
  }
  world.device = renewed
  return { scope: 'client', expires_in: TOKEN_SECONDS }
}

/** The login answer again. */
export function answerAccount(world: World, step: StepOf<'account'>): Facts {
  return { ...accountOf(world, callerForSomeone(world, step.by).named(step.uid)), is_new: false }
}

function accountOf(world: World, player: ModelPlayer): Facts {
  return {
    user_id: player.name,
    uid: player.name,
    level: player.levelHundredths / 100,
    vip_level: player.vip,
    coins: player.coins,
    tokens: player.tokens,
    is_first_pay: player.hadFirstCharge ? 0 : 1,
    daily_gift: mayClaimGift(player, world.nowMs) ? 1 : 0,
  }
}

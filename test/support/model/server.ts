import { pageWalk } from './pages.ts'
import type { Facts, StepOf, WalletStep } from './steps.ts'
import {
  balanceOf,
  book,
  KEPT_FOR_A_DAY_MS,
  KEPT_FOR_EVER,
  type ModelPlayer,
  once,
  refuse,
  serverCalling,
  somebody,
  type World,
  wouldOverflow,
} from './world.ts'

export function answerUser(world: World, step: StepOf<'user'>): Facts {
  serverCalling(world, step.by)
  const player = somebody(world, step.uid)
  return {
    user_id: player.name,
    uid: player.name,
    level: player.levelHundredths / 100,
    vip_level: player.vip,
    coins: player.coins,
    tokens: player.tokens,
    inbox: { coins: player.inboxCoins, tokens: player.inboxTokens },
    is_first_pay: player.hadFirstCharge ? 0 : 1,
    ledger_seq: player.ledger.length,
    event_seq: player.events,
  }
}

export function answerProgress(world: World, step: StepOf<'progress'>): Facts {
  serverCalling(world, step.by)
  const { level, vip } = step
  const request = ['progress', step.uid, level, vip]
  return once(world, { scope: 'app', key: step.key, request, keptForMs: KEPT_FOR_A_DAY_MS }, () => {
    const player = somebody(world, step.uid)
    player.levelHundredths = Math.round(level * 100)
    player.vip = vip
    return { uid: player.name, level, vip_level: vip }
  })
}

/** A positive amount is granted, a negative one spent; nothing is spent that is not there. */
export function answerWallet(world: World, step: WalletStep): Facts {
  serverCalling(world, step.by)
  if (step.header !== null && step.header !== step.key) refuse(422, 'invalid_fields')
  const { currency, amount } = step
  const request = ['wallet', step.uid, currency, amount]
  return once(world, { scope: 'app', key: step.key, request, keptForMs: KEPT_FOR_EVER }, () => {
    const player = somebody(world, step.uid)
    if (amount < 0 && player[currency] + amount < 0) refuse(409, 'insufficient_balance')
    const more = { coins: 0, tokens: 0, [currency]: amount }
    if (amount > 0 && wouldOverflow(player, more)) refuse(422, 'balance_overflow')
    move(world, player, step)
    return { uid: player.name, currency, amount, balance: balanceOf(player), ledger_seq: player.ledger.length }
  })
}

function move(world: World, player: ModelPlayer, { currency, amount, key }: WalletStep): void {
  const wallet = `player:${player.name}`
  const posting =
    amount > 0
      ? { from: 'game', to: wallet, currency, amount }
      : { from: wallet, to: 'game', currency, amount: -amount }
  book(world, player, { kind: 'game', source: key, reason: reasonOf(amount), postings: [posting] })
}

/** The words that a sequence sends with a change of a wallet. */
export const reasonOf = (amount: number) => (amount > 0 ? 'A prize' : 'A spin')

/** A player's ledger, newest first. */
export function answerLedger(world: World, step: StepOf<'ledger'>): Facts {
  serverCalling(world, step.by)
  pageWalk([], step.limit)
  const { ledger } = somebody(world, step.uid)
  const entries = ledger.map(({ kind, source, reason, atMs, postings }, index) => ({
    ledger_seq: index + 1,
    kind,
    source_id: source,
    reason,
    created_at: new Date(atMs).toISOString(),
    postings,
  }))
  return pageWalk(entries.toReversed(), step.limit)
}

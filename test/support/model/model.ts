import { answerAccount, answerLogin, answerLogout, answerRotate, answerToken } from './accounts.ts'
import { answerCalendar, answerGift } from './gifts.ts'
import { answerClaim, answerClaimAll, answerInbox } from './inbox.ts'
import { giveInvites } from './invites.ts'
import {
  answerCancel,
  answerCheck,
  answerHistory,
  answerOrder,
  answerPress,
  answerRead,
  answerVerify,
  endOf,
  expireOrders,
} from './orders.ts'
import { answerFailure, answerPayment } from './payments.ts'
import { answerLedger, answerProgress, answerUser, answerWallet } from './server.ts'
import type { Call, Facts, Moment, StepOf, Told } from './steps.ts'
import { answerStore, editItem } from './store.ts'
import { Refusal, type World } from './world.ts'

const DAY_MS = 24 * 60 * 60 * 1000
const MINUTE_MS = 60_000

/** What the contract answers to a call, and what comes of it in the world. Null when the call is not to be made. */
export function tell(world: World, step: Call): Told | null {
  try {
    const answer = ANSWERS[step.kind] as (world: World, step: Call) => Facts | null
    const facts = answer(world, step)
    return facts && { status: 200, facts }
  } catch (error) {
    if (error instanceof Refusal) return error.told
    throw error
  }
}

const ANSWERS: { readonly [K in Call['kind']]: (world: World, step: StepOf<K>) => Facts | null } = {
  token: answerToken,
  log_in: answerLogin,
  log_out: answerLogout,
  rotate: answerRotate,
  account: answerAccount,
  store: answerStore,
  edit: editItem,
  order: answerOrder,
  cancel: answerCancel,
  read: answerRead,
  check: answerCheck,
  press: answerPress,
  verify: answerVerify,
  history: answerHistory,
  pay: answerPayment,
  fail: answerFailure,
  inbox: answerInbox,
  claim: answerClaim,
  claim_all: answerClaimAll,
  calendar: answerCalendar,
  gift: answerGift,
  user: answerUser,
  progress: answerProgress,
  wallet: answerWallet,
  ledger: answerLedger,
  job: (world, { name }) => JOBS[name](world),
  wait: () => ({}),
  wait_until: () => ({}),
}

const JOBS: Readonly<Record<StepOf<'job'>['name'], (world: World) => Facts>> = {
  'expire-orders': expireOrders,
  'give-invite-rewards': giveInvites,
  'sweep-idempotency-keys': () => ({}),
}

/** Every kind of call there is. */
export const KINDS = Object.keys(ANSWERS) as Call['kind'][]

/** How long a call waits before it is made: to a moment, where there is one ahead. */
export function waitMsOf(world: World, step: Call): number {
  if (step.kind === 'wait') return step.ms
  if (step.kind !== 'wait_until') return 0
  const waitMs = Math.max(...momentsOf(world, step.moment)) + step.offsetMs - world.nowMs
  return waitMs > 0 && Number.isFinite(waitMs) ? waitMs : MINUTE_MS
}

function momentsOf(world: World, moment: Moment): number[] {
  const orders = [...world.orders.values()]
  switch (moment) {
    case 'order end':
      return orders.filter(({ status }) => status === 'pending').map(endOf)
    case 'gift':
      return [...world.players.values()].map(({ lastGift }) => (lastGift?.atMs ?? 0) + (20 / 24) * DAY_MS)
    case 'midnight':
      return [(Math.floor(world.nowMs / DAY_MS) + 1) * DAY_MS]
    case 'token end':
      return world.device ? [world.device.tokenEndsAtMs] : []
    case 'next check':
      return orders.map(({ askedAtMs }) => (askedAtMs ?? 0) + 10_000)
    case 'key end':
      return [...world.keys.values()].map(({ endsAtMs }) => endsAtMs ?? 0)
  }
}

/**
 * The rules of settling in memory, written from the contract and not from the code: what each delivery must answer, and
 * what the books must say in the end. Slow, single-threaded and easy to read.
 */

/** A message about an order, or a player's claim of what an order left in the inbox. */
export type Step =
  | ({ readonly kind: 'payment' } & ToldPayment)
  | {
      readonly kind: 'failure'
      readonly order: string
      readonly player: number
      readonly item: number
      readonly code: string
    }
  | { readonly kind: 'claim'; readonly order: string; readonly player: number }
  | { readonly kind: 'claim_all'; readonly player: number }

export interface ToldPayment {
  readonly instance: 'server' | 'signed'
  readonly order: string
  readonly player: number
  readonly item: number
  readonly cents: number
  readonly currency: string
  readonly transaction: string | null
}

/** What a step answers: the status, the error code of a refusal, and the facts of a success that matter. */
export interface Told {
  readonly status: number
  readonly error?: string
  readonly facts?: Readonly<Record<string, unknown>>
}

interface ModelOrder {
  readonly player: number
  readonly item: number
  status: string
  errorCode: string | null
  /** The price that was paid; null until it was. */
  paid: { cents: number; currency: string } | null
  grant: { coins: number; tokens: number; isFirst: boolean; balance: { coins: number; tokens: number } } | null
  message: 'none' | 'unclaimed' | 'claimed'
}

interface ModelPayment {
  readonly told: ToldPayment
  transaction: string | null
  outcome: { kind: 'granted' } | { kind: 'duplicate' } | { kind: 'review'; status: number; error: string }
}

interface ModelPlayer {
  coins: number
  tokens: number
  hadFirstCharge: boolean
}

// Of each item: cents, coins, base, per cent on a first charge and later. Item 7 is for premium players only.
const ITEMS: Readonly<Record<number, { cents: number; coins: number; base: number; first: number; later: number }>> = {
  1: { cents: 1999, coins: 1000, base: 20, first: 10, later: 0 },
  4: { cents: 9999, coins: 10_000, base: 100, first: 15, later: 1 },
  7: { cents: 59_999, coins: 60_000, base: 600, first: 25, later: 5 },
}
const PREMIUM_ITEM = 7

export class Model {
  readonly players: ModelPlayer[]
  readonly orders = new Map<string, ModelOrder>()
  readonly #payments: ModelPayment[] = []

  constructor(players: number) {
    this.players = Array.from({ length: players }, () => ({ coins: 0, tokens: 0, hadFirstCharge: false }))
  }

  /** How many entries stand in the review queue. */
  get queued(): number {
    return this.#payments.filter((payment) => payment.outcome.kind !== 'granted').length
  }

  tell(step: Step): Told {
    switch (step.kind) {
      case 'payment':
        return this.#pay(step)
      case 'failure':
        return this.#fail(step)
      case 'claim':
        return this.#claim(step)
      case 'claim_all':
        return this.#claimAll(step.player)
    }
  }

  #pay(told: ToldPayment): Told {
    const known = this.#find(told)
    if (known) {
      if (!sameFacts(known.told, told)) return refusal(409, 'order_conflict')
      return known.outcome.kind === 'review'
        ? refusal(known.outcome.status, known.outcome.error)
        : this.#grantOf(told, true)
    }
    const outcome = this.#settle(told)
    this.#payments.push({ told, transaction: told.transaction, outcome })
    if (outcome.kind === 'review') return refusal(outcome.status, outcome.error)
    return this.#grantOf(told, outcome.kind === 'duplicate')
  }

  /** By its transaction id; else by its facts, where the ids do not speak against it. */
  #find(told: ToldPayment): ModelPayment | undefined {
    const ofInstance = this.#payments.filter((payment) => payment.told.instance === told.instance)
    const byTransaction = ofInstance.find(
      (payment) => told.transaction !== null && payment.transaction === told.transaction,
    )
    if (byTransaction) return byTransaction
    const byFacts = ofInstance.find((payment) => sameFacts(payment.told, told))
    if (!byFacts || told.transaction === null) return byFacts
    if (byFacts.transaction !== null) return undefined
    byFacts.transaction = told.transaction
    return byFacts
  }

  #settle(told: ToldPayment): ModelPayment['outcome'] {
    const player = this.players[told.player]
    if (!player) return review(404, 'player_not_found')
    const order = this.orders.get(told.order)
    if (order && (order.player !== told.player || order.item !== told.item)) return review(409, 'order_conflict')
    if (order?.grant) {
      const same = order.paid?.cents === told.cents && order.paid.currency === told.currency
      return same ? { kind: 'duplicate' } : review(409, 'order_conflict')
    }
    const item = ITEMS[told.item]
    if (!item) return this.#reviewOrder(told, 404, 'item_not_found')
    // Nobody in these stories has the level of a premium player.
    if (told.item === PREMIUM_ITEM) return this.#reviewOrder(told, 403, 'item_locked')
    if (told.currency !== 'USD' || told.cents !== item.cents) return this.#reviewOrder(told, 409, 'price_mismatch')
    this.#grant(told, { player, item })
    return { kind: 'granted' }
  }

  #reviewOrder(told: ToldPayment, status: number, error: string): ModelPayment['outcome'] {
    const order = this.#orderOf(told)
    if (order.status !== 'review') {
      order.status = 'review'
      order.errorCode = error
    }
    return review(status, error)
  }

  #grant(
    told: ToldPayment,
    { player, item }: { player: ModelPlayer; item: { coins: number; base: number; first: number; later: number } },
  ): void {
    const order = this.#orderOf(told)
    const isFirst = !player.hadFirstCharge
    const tokens = item.base + Math.floor((item.base * (isFirst ? item.first : item.later)) / 100)
    player.hadFirstCharge = true
    player.coins += item.coins
    order.status = 'completed'
    order.errorCode = null
    order.paid = { cents: told.cents, currency: told.currency }
    order.grant = { coins: item.coins, tokens, isFirst, balance: { coins: player.coins, tokens: player.tokens } }
    order.message = 'unclaimed'
  }

  #orderOf({ order: id, player, item }: { order: string; player: number; item: number }): ModelOrder {
    const known = this.orders.get(id)
    if (known) return known
    const made: ModelOrder = { player, item, status: 'new', errorCode: null, paid: null, grant: null, message: 'none' }
    this.orders.set(id, made)
    return made
  }

  #grantOf({ order: id }: ToldPayment, replayed: boolean): Told {
    const order = this.orders.get(id)
    if (!order?.grant) throw new Error(`the model answers a grant of ${id}, which has none`)
    const { coins, tokens, isFirst, balance } = order.grant
    const facts = {
      order_status: order.status,
      coins_granted: coins,
      tokens_granted: tokens,
      is_first_charge: isFirst,
      replayed,
      balance,
    }
    return { status: 200, facts }
  }

  #fail(told: Step & { kind: 'failure' }): Told {
    if (!this.players[told.player]) return refusal(404, 'player_not_found')
    const known = this.orders.get(told.order)
    if (known && (known.player !== told.player || known.item !== told.item)) return refusal(409, 'order_conflict')
    if (!known && !ITEMS[told.item]) return refusal(404, 'item_not_found')
    const order = this.#orderOf(told)
    if (order.status === 'new') {
      order.status = told.code === 'PAYMENT_CANCELLED' ? 'cancelled' : 'failed'
      order.errorCode = told.code
    }
    return { status: 200, facts: { order_status: order.status, error_code: order.errorCode } }
  }

  #claim({ order: id, player }: { order: string; player: number }): Told {
    const order = this.orders.get(id)
    const claimant = this.players[player]
    if (!claimant || !order?.grant || order.player !== player) return refusal(404, 'message_not_found')
    if (order.message === 'claimed') return refusal(409, 'already_claimed')
    order.message = 'claimed'
    claimant.tokens += order.grant.tokens
    return {
      status: 200,
      facts: { tokens: order.grant.tokens, balance: { coins: claimant.coins, tokens: claimant.tokens } },
    }
  }

  #claimAll(player: number): Told {
    const claimant = this.players[player]
    if (!claimant) return refusal(404, 'player_not_found')
    let tokens = 0
    for (const order of this.orders.values()) {
      if (order.player !== player || order.message !== 'unclaimed') continue
      order.message = 'claimed'
      tokens += order.grant?.tokens ?? 0
    }
    claimant.tokens += tokens
    return { status: 200, facts: { tokens, balance: { coins: claimant.coins, tokens: claimant.tokens } } }
  }
}

function sameFacts(a: ToldPayment, b: ToldPayment): boolean {
  return (
    a.order === b.order &&
    a.player === b.player &&
    a.item === b.item &&
    a.cents === b.cents &&
    a.currency === b.currency
  )
}

function refusal(status: number, error: string): Told {
  return { status, error }
}

function review(status: number, error: string): { kind: 'review'; status: number; error: string } {
  return { kind: 'review', status, error }
}

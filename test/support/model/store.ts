import type { Facts, StepOf } from './steps.ts'
import { callerForSomeone, type ModelPlayer, type Terms, type World } from './world.ts'

interface Pack extends Terms {
  readonly name: string
  readonly premium: boolean
}

const pack = (name: string, terms: Terms, premium = false): Pack => ({ name, ...terms, premium })

/** The table of the contract. */
const PACKS: Readonly<Record<number, Pack>> = {
  1: pack('Starter Pack', { cents: 1999, coins: 1000, base: 20, first: 10, later: 0 }),
  2: pack('Growth Pack', { cents: 2999, coins: 2000, base: 30, first: 10, later: 0 }),
  3: pack('Advanced Pack', { cents: 4999, coins: 5000, base: 50, first: 10, later: 0 }),
  4: pack('Elite Pack', { cents: 9999, coins: 10_000, base: 100, first: 15, later: 1 }),
  5: pack('Premium Pack', { cents: 19_999, coins: 20_000, base: 200, first: 15, later: 2 }),
  6: pack('Deluxe Pack', { cents: 39_999, coins: 40_000, base: 400, first: 25, later: 4 }),
  7: pack('Legend Pack', { cents: 59_999, coins: 60_000, base: 600, first: 25, later: 5 }, true),
  8: pack('Mythic Pack', { cents: 99_999, coins: 100_000, base: 1000, first: 25, later: 6 }, true),
}

/** What the catalogue says of item 1 after the edit that a sequence can make: everything is another figure. */
export const DEARER: Terms = { cents: 2499, coins: 1500, base: 30, first: 20, later: 5 }

/** An item as the catalogue has it now. */
export function packNow(world: World, item: number): Pack | undefined {
  const found = PACKS[item]
  return found && item === 1 && world.item1 === 'dearer' ? { ...found, ...DEARER } : found
}

/** Premium players may buy everything, everybody else the first six. */
export function mayBuy(player: ModelPlayer, item: Pack): boolean {
  return !item.premium || (player.coins >= 10_000 && player.levelHundredths >= 9999)
}

export function tokensOf(terms: Terms, { isFirst }: { isFirst: boolean }): number {
  return terms.base + Math.floor((terms.base * (isFirst ? terms.first : terms.later)) / 100)
}

/** The store made for a player. */
export function answerStore(world: World, step: StepOf<'store'>): Facts {
  const player = callerForSomeone(world, step.by).named(step.uid)
  const isFirst = !player.hadFirstCharge
  const items = Object.keys(PACKS).flatMap((id) => {
    const item = packNow(world, Number(id))
    if (!item || !mayBuy(player, item)) return []
    return {
      id: Number(id),
      name: item.name,
      price: item.cents / 100,
      currency: 'USD',
      coins: item.coins,
      tokens: tokensOf(item, { isFirst }),
      tokens_base: item.base,
      bonus: isFirst ? item.first : item.later,
      act_items: [],
    }
  })
  return { is_first_pay: isFirst ? 1 : 0, items }
}

export function editItem(world: World, { item1 }: StepOf<'edit'>): Facts {
  world.item1 = item1
  return {}
}

import { type CatalogueContent, GIFT_DAYS } from '../../features/store/index.ts'
import type { FieldFault, Outcome } from '../../kernel/outcome.ts'
import { readWhole, withoutFaults } from './arguments.ts'

/** What was typed after `gift`. */
export interface GiftArguments {
  readonly day: string
  readonly coins?: string
  readonly tokens?: string
}

/** Changes what a day of the daily gift gives. */
export function setGift(content: CatalogueContent, typed: GiftArguments): Outcome<CatalogueContent> {
  const faults: FieldFault[] = []
  const day = readWhole(faults, { name: '<day>', text: typed.day })
  if (day !== null && (day < 1 || day > GIFT_DAYS)) {
    faults.push({ path: '<day>', message: `must be a day of the streak, 1 to ${GIFT_DAYS}` })
  }
  const coins = typed.coins === undefined ? null : readWhole(faults, { name: '--coins', text: typed.coins })
  const tokens = typed.tokens === undefined ? null : readWhole(faults, { name: '--tokens', text: typed.tokens })
  const dailyGifts = content.dailyGifts.map((gift, index) =>
    index + 1 === day ? { coins: coins ?? gift.coins, tokens: tokens ?? gift.tokens } : gift,
  )
  return withoutFaults(faults, { ...content, dailyGifts })
}

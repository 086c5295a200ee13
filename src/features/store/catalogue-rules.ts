import { exponentOf, type MinorUnits, parseCurrency } from '../../kernel/money.ts'
import type { FieldFault } from '../../kernel/outcome.ts'
import { writeContent } from './catalogue-content.ts'
import type { ActItem, CatalogueContent, CatalogueItem, DailyGift, Promotion } from './rules.ts'

/** The id of an item: what four bytes hold, as in the table. */
export const ITEM_ID_MAX = 2_147_483_647
/** Days of the daily gift's streak. */
export const GIFT_DAYS = 7

// A store of more is not one that a player reads; each server keeps it whole in memory.
const ITEMS_MAX = 500
const PROMOTIONS_MAX = 200
const ACT_ITEMS_MAX = 20
const NAME_MAX = 255
const ACT_ITEM_ID_MAX = 64
// A thousand times this, with the highest bonus on top, is still counted exactly: no order overflows by itself.
const AMOUNT_MAX = 1_000_000_000_000
const PRICE_MINOR_MAX = 1_000_000_000_000
const PERCENT_MAX = 1000
const ACT_ITEM_NUM_MAX = 1_000_000_000
const NOTE_MAX = 255
// The last millisecond of the year 9999: later ones have no ISO form of four digits.
const TIME_MAX_MS = 253_402_300_799_999
// Four bytes a character stay well below the 16 MiB that a statement may have on MySQL.
const CONTENT_CHARACTERS_MAX = 1_000_000

const PROMOTION_ID = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$/
// Control characters, separators of lines, and halves of a character.
const UNPRINTABLE = /[\p{Cc}\p{Cs}\u2028\u2029]/u

/** Everything that keeps a content from being a version of a catalogue, every fault at once; empty when it may be. */
export function catalogueFaults(content: CatalogueContent): FieldFault[] {
  const { items, promotions, dailyGifts } = content
  const faults = [
    ...(items.length > ITEMS_MAX ? [fault('items', `must be at most ${ITEMS_MAX}`)] : []),
    ...(promotions.length > PROMOTIONS_MAX
      ? [fault('promotions', `must be at most ${PROMOTIONS_MAX}: remove some that are over`)]
      : []),
    ...(items.some((item) => item.isOnSale) ? [] : [fault('items', 'at least one must be on sale')]),
    ...repeated(items.map((item) => item.itemId)).map((id) => fault(`items.${id}.id`, 'is used twice')),
    ...items.flatMap(itemFaults),
    ...repeated(promotions.map((one) => one.promotionId)).map((id) => fault(`promotions.${id}.id`, 'is used twice')),
    ...promotions.flatMap((promotion) => promotionFaults(promotion, items)),
    ...(dailyGifts.length === GIFT_DAYS ? [] : [fault('daily_gifts', `must be ${GIFT_DAYS} days`)]),
    ...dailyGifts.flatMap((gift, index) => giftFaults(gift, index + 1)),
  ]
  if (faults.length === 0 && writeContent(content).length > CONTENT_CHARACTERS_MAX) {
    faults.push(fault('catalogue', `must be at most ${CONTENT_CHARACTERS_MAX} characters as JSON`))
  }
  return faults
}

/** Why an edit was made: one line, or nothing. */
export function noteFaults(note: string): FieldFault[] {
  const isLine = lengthOf(note) <= NOTE_MAX && !UNPRINTABLE.test(note)
  return isLine ? [] : [fault('note', `must be at most ${NOTE_MAX} characters, none of them a control character`)]
}

function itemFaults(item: CatalogueItem): FieldFault[] {
  const at = `items.${item.itemId}`
  const { coins, tokensBase, bonusPercent, firstChargeBonusPercent, actItems } = item.terms
  return [
    ...wholeFaults(`${at}.id`, item.itemId, { min: 1, max: ITEM_ID_MAX }),
    ...nameFaults(`${at}.name_en`, item.nameEn),
    ...nameFaults(`${at}.name_zh`, item.nameZh),
    ...priceFaults(`${at}.price`, item.prices),
    ...rewardFaults(at, { coins, tokens: tokensBase }),
    ...wholeFaults(`${at}.bonus_percent`, bonusPercent, { min: 0, max: PERCENT_MAX }),
    ...wholeFaults(`${at}.first_charge_bonus_percent`, firstChargeBonusPercent, { min: 0, max: PERCENT_MAX }),
    ...(actItems.length > ACT_ITEMS_MAX ? [fault(`${at}.act_items`, `must be at most ${ACT_ITEMS_MAX}`)] : []),
    ...actItems.flatMap((actItem, index) => actItemFaults(`${at}.act_items.${index}`, actItem)),
  ]
}

function priceFaults(path: string, prices: ReadonlyMap<string, MinorUnits>): FieldFault[] {
  if (prices.size === 0) return [fault(path, 'must be at least one')]
  return [...prices].flatMap(([currency, minor]) => {
    const code = parseCurrency(currency)
    if (code !== currency) return [fault(`${path}.${currency}`, 'is no currency that we know')]
    if (Number.isSafeInteger(minor) && minor > 0 && minor <= PRICE_MINOR_MAX) return []
    const max = PRICE_MINOR_MAX / 10 ** exponentOf(code)
    return [fault(`${path}.${currency}`, `must be more than 0 and at most ${max}`)]
  })
}

function promotionFaults(promotion: Promotion, items: readonly CatalogueItem[]): FieldFault[] {
  const at = `promotions.${promotion.promotionId}`
  const { startsAtMs, endsAtMs } = promotion
  const times = [
    ...wholeFaults(`${at}.starts_at_ms`, startsAtMs, { min: 0, max: TIME_MAX_MS }),
    ...wholeFaults(`${at}.ends_at_ms`, endsAtMs, { min: 0, max: TIME_MAX_MS }),
  ]
  const known = new Set(items.map((item) => item.itemId))
  return [
    ...(PROMOTION_ID.test(promotion.promotionId)
      ? []
      : [fault(`${at}.id`, 'must be 1 to 64 letters, digits, dots, dashes or underscores, the first no sign')]),
    ...nameFaults(`${at}.name_en`, promotion.nameEn),
    ...nameFaults(`${at}.name_zh`, promotion.nameZh),
    ...wholeFaults(`${at}.bonus_percent`, promotion.bonusPercent, { min: 1, max: PERCENT_MAX }),
    ...times,
    ...(times.length > 0 || startsAtMs < endsAtMs ? [] : [fault(`${at}.ends_at_ms`, 'must be after its start')]),
    ...[...new Set(promotion.itemIds)]
      .filter((itemId) => !known.has(itemId))
      .map((itemId) => fault(`${at}.item_ids`, `there is no item ${itemId}`)),
  ]
}

function giftFaults(gift: DailyGift, day: number): FieldFault[] {
  return rewardFaults(`daily_gifts.${day}`, gift)
}

function rewardFaults(at: string, { coins, tokens }: { coins: number; tokens: number }): FieldFault[] {
  const faults = [
    ...wholeFaults(`${at}.coins`, coins, { min: 0, max: AMOUNT_MAX }),
    ...wholeFaults(`${at}.tokens`, tokens, { min: 0, max: AMOUNT_MAX }),
  ]
  if (faults.length === 0 && coins === 0 && tokens === 0) return [fault(at, 'must give at least one coin or token')]
  return faults
}

function actItemFaults(at: string, { id, name, num }: ActItem): FieldFault[] {
  return [
    ...textFaults(`${at}.id`, id, ACT_ITEM_ID_MAX),
    ...textFaults(`${at}.name`, name, NAME_MAX),
    ...wholeFaults(`${at}.num`, num, { min: 1, max: ACT_ITEM_NUM_MAX }),
  ]
}

function nameFaults(path: string, name: string): FieldFault[] {
  return textFaults(path, name, NAME_MAX)
}

function textFaults(path: string, text: string, max: number): FieldFault[] {
  const length = lengthOf(text)
  if (length < 1 || length > max) return [fault(path, `must have 1 to ${max} characters`)]
  if (UNPRINTABLE.test(text)) return [fault(path, 'must have no control characters')]
  return text === text.trim() ? [] : [fault(path, 'must not begin or end with a blank')]
}

function wholeFaults(path: string, value: number, { min, max }: { min: number; max: number }): FieldFault[] {
  if (Number.isSafeInteger(value) && value >= min && value <= max) return []
  return [fault(path, `must be a whole number from ${min} to ${max}`)]
}

// As the columns count: an emoji is one character.
function lengthOf(text: string): number {
  return [...text].length
}

function repeated<T>(ids: readonly T[]): T[] {
  return [...Map.groupBy(ids, (id) => id)].filter(([, same]) => same.length > 1).map(([id]) => id)
}

function fault(path: string, message: string): FieldFault {
  return { path, message }
}

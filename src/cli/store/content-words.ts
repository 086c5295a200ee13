import { type CatalogueContent, type CatalogueItem, contentJson, type Promotion } from '../../features/store/index.ts'
import { isoTime } from '../../kernel/clock.ts'
import { printable } from './arguments.ts'
import { idsWords, priceWords } from './change-words.ts'
import { textTable } from './text-table.ts'

const yesNo = (value: boolean): string => (value ? 'yes' : 'no')

/** A content as tables for people: items, the promotions that run or come, and the gift of each day. */
export function contentWords(content: CatalogueContent, { nowMs }: { nowMs: number }): string {
  return [itemsTable(content.items), promotionsWords(content.promotions, nowMs), giftsTable(content)].join('\n\n')
}

function itemsTable(items: readonly CatalogueItem[]): string {
  const head = ['item', 'name', '', 'price', 'coins', 'tokens', 'bonus', 'first', 'premium', 'on sale', 'extras']
  const rows = items.map(({ itemId, nameEn, nameZh, prices, terms, premiumOnly, isOnSale }) => [
    String(itemId),
    printable(nameEn),
    printable(nameZh),
    [...prices]
      .map(([currency, minor]) => `${currency} ${priceWords(currency, minor)}`)
      .toSorted()
      .join(', '),
    String(terms.coins),
    String(terms.tokensBase),
    `${terms.bonusPercent} %`,
    `${terms.firstChargeBonusPercent} %`,
    yesNo(premiumOnly),
    yesNo(isOnSale),
    terms.actItems.map(({ id, num }) => `${num} ${printable(id)}`).join(', '),
  ])
  return textTable([head, ...rows])
}

function promotionsWords(promotions: readonly Promotion[], nowMs: number): string {
  const shown = promotions.filter((one) => one.endsAtMs > nowMs)
  const over = promotions.length - shown.length
  const left = over === 0 ? '' : ` (${over} over, not shown; --json shows them)`
  if (shown.length === 0) return `No promotion runs or is to come${left}.`
  const head = ['promotion', 'name', '', 'bonus', 'items', 'from', 'until', '']
  const rows = shown.map((one) => [
    printable(one.promotionId),
    printable(one.nameEn),
    printable(one.nameZh),
    `${one.bonusPercent} %`,
    idsWords(one.itemIds),
    isoTime(one.startsAtMs),
    isoTime(one.endsAtMs),
    one.startsAtMs <= nowMs ? 'runs now' : 'to come',
  ])
  return `${textTable([head, ...rows])}${left === '' ? '' : `\n${left.trim()}`}`
}

function giftsTable(content: CatalogueContent): string {
  const days = contentJson(content).daily_gifts
  return textTable([
    ['daily gift', 'coins', 'tokens'],
    ...days.map(({ day, coins, tokens }) => [`day ${day}`, String(coins), String(tokens)]),
  ])
}

import type { CatalogueContent, CatalogueItem } from '../../features/store/index.ts'
import type { CurrencyCode, MinorUnits } from '../../kernel/money.ts'
import type { FieldFault, Outcome } from '../../kernel/outcome.ts'
import { readActItems } from './act-items.ts'
import { readPrice, readWhole, withoutFaults } from './arguments.ts'

/** What was typed after `set`. */
export interface SetArguments {
  readonly itemId: string
  readonly nameEn?: string
  readonly nameZh?: string
  readonly price?: readonly string[]
  readonly coins?: string
  readonly tokens?: string
  readonly bonus?: string
  readonly firstBonus?: string
  readonly premium?: boolean
  readonly onSale?: boolean
  readonly offSale?: boolean
  readonly actItems?: string
}

// What a new item cannot be without; a first-charge bonus that is left out is the bonus, which is 0 when left out.
const NEEDED = {
  nameEn: '--name-en',
  nameZh: '--name-zh',
  price: '--price',
  coins: '--coins',
  tokens: '--tokens',
} as const

/** Changes an item, or makes one. */
export function setItem(content: CatalogueContent, typed: SetArguments): Outcome<CatalogueContent> {
  const faults: FieldFault[] = []
  const namedId = readWhole(faults, { name: '<item id>', text: typed.itemId })
  const itemId = namedId ?? 0
  const known = content.items.find((item) => item.itemId === itemId)
  if (!known && namedId !== null) {
    for (const [key, option] of Object.entries(NEEDED)) {
      if (typed[key as keyof typeof NEEDED] !== undefined) continue
      faults.push({ path: option, message: `is needed: there is no item ${itemId} yet, so this makes one` })
    }
  }
  const item = edited(known ?? blankItem(itemId), { typed, faults, isNew: known === undefined })
  const others = content.items.filter((one) => one.itemId !== itemId)
  return withoutFaults(faults, { ...content, items: [...others, item] })
}

// Its values stand in for arguments that are missing or cannot be read, which is a fault already.
function blankItem(itemId: number): CatalogueItem {
  const terms = { coins: 1, tokensBase: 1, bonusPercent: 0, firstChargeBonusPercent: 0, actItems: [] }
  return { itemId, nameEn: '-', nameZh: '-', prices: new Map(), terms, premiumOnly: false, isOnSale: true }
}

function edited(
  item: CatalogueItem,
  { typed, faults, isNew }: { typed: SetArguments; faults: FieldFault[]; isNew: boolean },
): CatalogueItem {
  const whole = (name: string, text: string | undefined): number | null =>
    text === undefined ? null : readWhole(faults, { name, text })
  const { terms } = item
  const bonusPercent = whole('--bonus', typed.bonus) ?? terms.bonusPercent
  if (typed.onSale && typed.offSale) faults.push({ path: '--off-sale', message: 'contradicts --on-sale' })
  const actItems =
    typed.actItems === undefined ? null : readActItems(faults, { name: '--act-items', text: typed.actItems })
  return {
    itemId: item.itemId,
    nameEn: typed.nameEn ?? item.nameEn,
    nameZh: typed.nameZh ?? item.nameZh,
    prices: editedPrices(item.prices, { typed: typed.price ?? [], faults, isNew }),
    terms: {
      coins: whole('--coins', typed.coins) ?? terms.coins,
      tokensBase: whole('--tokens', typed.tokens) ?? terms.tokensBase,
      bonusPercent,
      firstChargeBonusPercent:
        whole('--first-bonus', typed.firstBonus) ?? (isNew ? bonusPercent : terms.firstChargeBonusPercent),
      actItems: actItems ?? terms.actItems,
    },
    premiumOnly: typed.premium ?? item.premiumOnly,
    isOnSale: typed.offSale ? false : typed.onSale ? true : item.isOnSale,
  }
}

function editedPrices(
  prices: CatalogueItem['prices'],
  { typed, faults, isNew }: { typed: readonly string[]; faults: FieldFault[]; isNew: boolean },
): CatalogueItem['prices'] {
  const next = new Map<CurrencyCode, MinorUnits>(prices)
  const named = new Set<CurrencyCode>()
  const faultsBefore = faults.length
  for (const text of typed) {
    const read = readPrice(faults, { name: '--price', text })
    if (!read) continue
    const { currency, price } = read
    if (named.has(currency)) faults.push({ path: '--price', message: `${currency} is given twice` })
    named.add(currency)
    if (price) next.set(currency, price.minor)
    else if (!next.delete(currency)) {
      faults.push({ path: '--price', message: `${currency}= removes a price that is not there` })
    }
  }
  // A new item whose prices are missing or cannot be read has its fault already.
  const isTold = isNew && (typed.length === 0 || faults.length > faultsBefore)
  return isTold && next.size === 0 ? new Map([['USD' as CurrencyCode, 1 as MinorUnits]]) : next
}

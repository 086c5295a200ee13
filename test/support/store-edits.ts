import assert from 'node:assert/strict'
import {
  type CatalogueContent,
  type CatalogueItem,
  type EditedCatalogue,
  editCatalogue,
  type Promotion,
} from '../../src/features/store/index.ts'
import type { Clock } from '../../src/kernel/clock.ts'
import type { AppId } from '../../src/kernel/ids.ts'
import type { CurrencyCode, MinorUnits } from '../../src/kernel/money.ts'
import { accepted } from '../../src/kernel/outcome.ts'
import { APP_ID, type TestApp } from './test-app.ts'

/** What a test sets of an item: its dollars, what it gives, and whether it is sold. */
export interface ItemEdit {
  readonly usdMinor?: number
  readonly isOnSale?: boolean
  readonly terms?: Partial<CatalogueItem['terms']>
}

/** The content with one item changed. */
export function withItem(content: CatalogueContent, itemId: number, edit: ItemEdit): CatalogueContent {
  const items = content.items.map((item): CatalogueItem => {
    if (item.itemId !== itemId) return item
    const usdMinor = (edit.usdMinor ?? item.prices.get('USD' as CurrencyCode)) as MinorUnits
    return {
      ...item,
      isOnSale: edit.isOnSale ?? item.isOnSale,
      prices: new Map([...item.prices, ['USD' as CurrencyCode, usdMinor]]),
      terms: { ...item.terms, ...edit.terms },
    }
  })
  return { ...content, items }
}

/** The content with these promotions and no others. */
export function withPromotions(content: CatalogueContent, promotions: readonly Partial<Promotion>[]): CatalogueContent {
  const full = promotions.map((one, n): Promotion => {
    const names = { promotionId: `promotion-${n}`, nameEn: 'Promotion', nameZh: '活动' }
    return { ...names, bonusPercent: 20, startsAtMs: 0, endsAtMs: 1, itemIds: [], ...one }
  })
  return { ...content, promotions: full }
}

/** An edit that must be taken. */
export async function editStore(
  app: TestApp,
  { clock, change }: { clock: Clock; change: (content: CatalogueContent) => CatalogueContent },
): Promise<EditedCatalogue> {
  const deps = { database: app.service.database, clock }
  const edited = await editCatalogue(deps, {
    ...{ appId: APP_ID as AppId, note: 'a test' },
    change: (content) => accepted(change(content)),
  })
  assert.ok(edited.ok, JSON.stringify(edited))
  return edited.value
}

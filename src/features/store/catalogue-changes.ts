import { contentJson, type DailyGiftJson, type ItemJson, type PromotionJson } from './catalogue-content.ts'
import type { ActItem, CatalogueContent } from './rules.ts'

/** What one field of the catalogue may hold. A price is in minor units, its currency stands in the field's name. */
export type FieldValue = string | number | boolean | readonly number[] | readonly ActItem[]

/** One field that is no longer what it was. */
export interface FieldChange {
  /** As in the JSON of a content; a price's is `price_minor.USD`. */
  readonly field: string
  /** Null: it was not there. */
  readonly from: FieldValue | null
  /** Null: it is there no more. */
  readonly to: FieldValue | null
}

/** One thing of the catalogue that was added, removed or changed, with each of its fields that differ. */
export interface CatalogueChange {
  readonly of: 'item' | 'promotion' | 'daily_gift'
  /** The item's number, the promotion's id, or the day. */
  readonly id: number | string
  /** What people call it, in English; a day has no name. */
  readonly name: string | null
  readonly kind: 'added' | 'removed' | 'changed'
  readonly fields: readonly FieldChange[]
}

type Fields = ReadonlyMap<string, FieldValue>
interface Thing {
  readonly id: number | string
  readonly name: string | null
  readonly fields: Fields
}

/** What differs between two contents: items first, then promotions, then days, each by id. Empty: they are the same. */
export function catalogueChanges(before: CatalogueContent, after: CatalogueContent): CatalogueChange[] {
  const [old, now] = [contentJson(before), contentJson(after)]
  return [
    ...changesOf('item', old.items.map(itemThing), now.items.map(itemThing)),
    ...changesOf('promotion', old.promotions.map(promotionThing), now.promotions.map(promotionThing)),
    ...changesOf('daily_gift', old.daily_gifts.map(giftThing), now.daily_gifts.map(giftThing)),
  ]
}

function changesOf(of: CatalogueChange['of'], before: readonly Thing[], after: readonly Thing[]): CatalogueChange[] {
  const old = new Map(before.map((thing) => [thing.id, thing]))
  const now = new Map(after.map((thing) => [thing.id, thing]))
  const ids = [...new Set([...old.keys(), ...now.keys()])].toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  return ids.flatMap((id): CatalogueChange[] => {
    const [was, is] = [old.get(id), now.get(id)]
    const fields = fieldChanges(was?.fields ?? new Map(), is?.fields ?? new Map())
    if (fields.length === 0) return []
    const kind = was ? (is ? 'changed' : 'removed') : 'added'
    return [{ of, id, name: (was ?? is)?.name ?? null, kind, fields }]
  })
}

function fieldChanges(before: Fields, after: Fields): FieldChange[] {
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((field): FieldChange[] => {
    const [from, to] = [before.get(field) ?? null, after.get(field) ?? null]
    return JSON.stringify(from) === JSON.stringify(to) ? [] : [{ field, from, to }]
  })
}

function itemThing({ id, prices_minor, ...fields }: ItemJson): Thing {
  const prices = Object.entries(prices_minor).map(([currency, minor]) => [`price_minor.${currency}`, minor] as const)
  return { id, name: fields.name_en, fields: new Map<string, FieldValue>([...prices, ...Object.entries(fields)]) }
}

function promotionThing({ id, ...fields }: PromotionJson): Thing {
  return { id, name: fields.name_en, fields: new Map<string, FieldValue>(Object.entries(fields)) }
}

function giftThing({ day, ...fields }: DailyGiftJson): Thing {
  return { id: day, name: null, fields: new Map<string, FieldValue>(Object.entries(fields)) }
}

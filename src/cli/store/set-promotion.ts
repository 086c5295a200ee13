import type { CatalogueContent, Promotion } from '../../features/store/index.ts'
import { isoTime } from '../../kernel/clock.ts'
import type { FieldFault, Outcome } from '../../kernel/outcome.ts'
import { readItemIds, readTime, readWhole, withoutFaults } from './arguments.ts'

/** What was typed after `promote`. */
export interface PromoteArguments {
  readonly promotionId: string
  readonly bonus?: string
  readonly from?: string
  readonly until?: string
  readonly items?: string
  readonly nameEn?: string
  readonly nameZh?: string
  readonly end?: boolean
  readonly remove?: boolean
}

// What a new promotion cannot be without; its names are its id when left out, and its items are all.
const NEEDED = { bonus: '--bonus', from: '--from', until: '--until' } as const
const CHANGING = ['bonus', 'from', 'until', 'items', 'nameEn', 'nameZh'] as const

/** Makes a promotion, changes it, ends it now, or removes it. */
export function setPromotion(
  content: CatalogueContent,
  { typed, nowMs }: { typed: PromoteArguments; nowMs: number },
): Outcome<CatalogueContent> {
  const faults: FieldFault[] = []
  const others = content.promotions.filter((one) => one.promotionId !== typed.promotionId)
  const known = content.promotions.find((one) => one.promotionId === typed.promotionId)
  if (typed.end || typed.remove) {
    const option = typed.remove ? '--remove' : '--end'
    const isAlone = CHANGING.every((key) => typed[key] === undefined) && !(typed.end && typed.remove)
    if (!isAlone) faults.push({ path: option, message: 'stands alone, without other changes' })
    if (!known) faults.push({ path: '<promotion id>', message: 'there is no such promotion' })
    if (!known || typed.remove)
      return withoutFaults(faults, { ...content, promotions: known ? others : content.promotions })
    return withoutFaults(faults, { ...content, promotions: [...others, endedPromotion(known, { nowMs, faults })] })
  }
  if (!known) {
    for (const [key, option] of Object.entries(NEEDED)) {
      if (typed[key as keyof typeof NEEDED] !== undefined) continue
      faults.push({ path: option, message: 'is needed: there is no such promotion yet, so this makes one' })
    }
  }
  const promotion = editedPromotion(known ?? blankPromotion(typed.promotionId, nowMs), { typed, faults })
  return withoutFaults(faults, { ...content, promotions: [...others, promotion] })
}

function endedPromotion(promotion: Promotion, { nowMs, faults }: { nowMs: number; faults: FieldFault[] }): Promotion {
  const { startsAtMs, endsAtMs } = promotion
  if (endsAtMs <= nowMs) faults.push({ path: '--end', message: `it was over at ${isoTime(endsAtMs)} already` })
  else if (startsAtMs >= nowMs) {
    faults.push({ path: '--end', message: `it has not begun (${isoTime(startsAtMs)}): --remove takes it away` })
  } else return { ...promotion, endsAtMs: nowMs }
  return promotion
}

// Its values stand in for arguments that are missing or cannot be read, which is a fault already.
function blankPromotion(promotionId: string, nowMs: number): Promotion {
  const names = { nameEn: promotionId, nameZh: promotionId }
  return { promotionId, ...names, bonusPercent: 1, startsAtMs: nowMs, endsAtMs: nowMs + 1, itemIds: [] }
}

function editedPromotion(
  promotion: Promotion,
  { typed, faults }: { typed: PromoteArguments; faults: FieldFault[] },
): Promotion {
  const read = <T>(
    reader: (faults: FieldFault[], argument: { name: string; text: string }) => T | null,
    { name, text }: { name: string; text: string | undefined },
  ): T | null => (text === undefined ? null : reader(faults, { name, text }))
  const startsAtMs = read(readTime, { name: '--from', text: typed.from })
  const endsAtMs = read(readTime, { name: '--until', text: typed.until })
  const next = {
    ...promotion,
    nameEn: typed.nameEn ?? promotion.nameEn,
    nameZh: typed.nameZh ?? promotion.nameZh,
    bonusPercent: read(readWhole, { name: '--bonus', text: typed.bonus }) ?? promotion.bonusPercent,
    itemIds: read(readItemIds, { name: '--items', text: typed.items }) ?? promotion.itemIds,
  }
  // With one time unread, whether it starts before it ends is not known: that fault would be about a value nobody gave.
  if (faults.some(({ path }) => path === '--from' || path === '--until')) return next
  return { ...next, startsAtMs: startsAtMs ?? promotion.startsAtMs, endsAtMs: endsAtMs ?? promotion.endsAtMs }
}

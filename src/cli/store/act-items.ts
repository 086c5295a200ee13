import type { ActItem } from '../../features/store/index.ts'
import type { FieldFault } from '../../kernel/outcome.ts'
import { type Argument, quoted } from './arguments.ts'

const FORM = '[{"id": "spin", "name": "Free spin", "num": 3}]'

/** Reads an item's extras: a JSON list of objects with an id, a name and a whole number, and nothing else. */
export function readActItems(faults: FieldFault[], { name, text }: Argument): ActItem[] | null {
  const json = parsed(text)
  if (Array.isArray(json) && json.every(isActItem)) return json.map(({ id, name, num }) => ({ id, name, num }))
  faults.push({ path: name, message: `${quoted(text)} is not a JSON list like ${FORM}` })
  return null
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function isActItem(value: unknown): value is ActItem {
  if (typeof value !== 'object' || value === null) return false
  // A mistyped key would be lost in silence.
  if (Object.keys(value).toSorted().join() !== 'id,name,num') return false
  const { id, name, num } = value as Record<string, unknown>
  return typeof id === 'string' && typeof name === 'string' && Number.isSafeInteger(num)
}

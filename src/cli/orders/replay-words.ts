import type { Replayed } from '../../features/payments/index.ts'
import { printable } from '../store/arguments.ts'

/** One thing of the books that a message changes, field by field. */
export function changeWords({ what, from, to }: Replayed['changes'][number]): string {
  const fields = Object.entries(to).filter(([name, value]) => from === null || from[name] !== value)
  const told = fields.map(([name, value]) =>
    from === null ? `${name} ${shown(value)}` : `${name} ${shown(from[name] ?? null)} -> ${shown(value)}`,
  )
  return `  ${printable(what)}: ${from === null ? 'new, ' : ''}${told.join(', ')}`
}

function shown(value: string | number | null): string {
  return value === null ? 'none' : printable(String(value))
}

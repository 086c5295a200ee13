import { Check } from 'typebox/schema'
import { type ConfigFault, faulty, quoted, type Reading, read } from './faults.ts'
import { type EnvironmentDefaults, VARIABLE_NAMES, VARIABLES, type VariableName, type VariableValue } from './schema.ts'

/** What each variable says: its own text, else its environment's default. */
export type Texts = EnvironmentDefaults

/** An empty variable counts as one that is not set: container tools pass those on. */
export function textsOf(env: Readonly<Record<string, string | undefined>>, defaults: EnvironmentDefaults): Texts {
  const entries = VARIABLE_NAMES.map((name) => {
    // Own properties only: a polluted prototype sets nothing here.
    const given = Object.hasOwn(env, name) ? env[name] : undefined
    return [name, typeof given === 'string' && given.trim() !== '' ? given : defaults[name]] as const
  })
  return Object.fromEntries(entries) as Texts
}

const SWITCH_WORDS = new Map([
  ...['1', 'true', 'yes', 'on'].map((word) => [word, true] as const),
  ...['0', 'false', 'no', 'off'].map((word) => [word, false] as const),
])

/** A plain value as its variable's schema wants it; null where nothing is set. Not for JSON. */
export function readSetting<N extends VariableName>(texts: Texts, name: N): Reading<VariableValue<N> | null> {
  const text = texts[name]
  if (text === null) return read(null)
  const value = plainValue(name, text)
  if (!Check(VARIABLES[name].value, value)) return faulty(unfitting(name, text))
  return read(value as VariableValue<N>)
}

/** The same for a variable that has a default in every environment. */
export function readRequired<N extends VariableName>(texts: Texts, name: N): Reading<VariableValue<N>> {
  const reading = readSetting(texts, name)
  if (!reading.ok || reading.value !== null) return reading as Reading<VariableValue<N>>
  return faulty({ variable: name, fault: 'is not set', remedy: remedyFor(name) })
}

function plainValue(name: VariableName, text: string): unknown {
  const { kind, secret } = VARIABLES[name]
  // A secret is taken as it stands: spaces may be part of it.
  const trimmed = secret ? text : text.trim()
  if (kind === 'whole number') return /^[0-9]{1,15}$/.test(trimmed) ? Number(trimmed) : null
  if (kind === 'switch') return SWITCH_WORDS.get(trimmed.toLowerCase()) ?? null
  if (kind === 'choice') return trimmed.toLowerCase()
  return trimmed
}

function unfitting(name: VariableName, text: string): ConfigFault {
  const shown = VARIABLES[name].secret ? 'its value' : quoted(text)
  return { variable: name, fault: `${shown} does not fit`, remedy: remedyFor(name) }
}

function remedyFor(name: VariableName): string {
  const { kind, value } = VARIABLES[name]
  const bounds = value as { enum?: string[]; minimum?: number; maximum?: number; maxLength?: number; pattern?: string }
  if (kind === 'choice') return `Set ${name} to one of: ${(bounds.enum ?? []).join(', ')}.`
  if (kind === 'switch') return `Set ${name} to 1 or 0.`
  if (kind === 'whole number') return `Set ${name} to a whole number from ${bounds.minimum} to ${bounds.maximum}.`
  const letters = bounds.pattern === undefined ? '' : ' of letters, digits, ":", ".", "_" and "-"'
  return `Set ${name} to a text${letters} of at most ${bounds.maxLength ?? 'a few thousand'} characters.`
}

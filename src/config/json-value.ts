import type { TSchema } from 'typebox'
import { Check, Errors } from 'typebox/schema'
import { quoted } from './faults.ts'

/** Names that mean something to every JavaScript object; as a key of ours they could only be an attack or a slip. */
const RESERVED_NAMES = new Set(['__proto__', 'constructor', 'prototype'])

export function isReservedName(name: string): boolean {
  return RESERVED_NAMES.has(name)
}

export type JsonReading =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly fault: string }

/**
 * Parses JSON more strictly than JSON.parse: a key that stands twice would silently lose its first value, and
 * `__proto__` would be no key at all to later code.
 */
export function parseStrictJson(text: string): JsonReading {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    // The parser's own message quotes the text, which may hold a secret.
    return { ok: false, fault: 'is not valid JSON' }
  }
  const fault = faultyKey(text)
  return fault === null ? { ok: true, value } : { ok: false, fault }
}

/** The first key that stands twice in its object, or is reserved. The text is valid JSON, so its tokens tell enough. */
function faultyKey(text: string): string | null {
  const open: (Set<string> | null)[] = []
  for (const [token, key] of text.matchAll(/("(?:[^"\\]|\\.)*")\s*:|"(?:[^"\\]|\\.)*"|[{}[\]]/g)) {
    if (token === '{') open.push(new Set())
    else if (token === '[') open.push(null)
    else if (token === '}' || token === ']') open.pop()
    else if (key !== undefined) {
      const name = String(JSON.parse(key))
      if (isReservedName(name)) return `has the reserved name ${quoted(name)} as a key`
      const siblings = open.at(-1)
      if (siblings?.has(name)) return `has the key ${quoted(name)} twice in one object`
      siblings?.add(name)
    }
  }
  return null
}

/** Ten say what is wrong; a hundred hide it. */
const SHAPE_FAULTS_MAX = 10

/** What is wrong with the shape of a value, in words that quote no value of it. Empty when it fits. */
export function shapeFaults(schema: TSchema, value: unknown): string[] {
  if (Check(schema, value)) return []
  const words = Errors(schema, value)[1].flatMap((error) => {
    const place = error.instancePath === '' ? 'the value' : error.instancePath
    if (error.keyword === 'boolean' || error.keyword === 'anyOf' || error.keyword === 'const') return []
    if (error.keyword === 'additionalProperties') {
      return [`${place} has unknown keys: ${error.params.additionalProperties.map(quoted).join(', ')}`]
    }
    if (error.keyword === 'required') return [`${place} lacks ${error.params.requiredProperties.join(', ')}`]
    if (error.keyword === 'enum') return [`${place} must be one of: ${error.params.allowedValues.join(', ')}`]
    return [`${place} ${error.message}`]
  })
  // What was left out above may be all that was said; it must still be a fault.
  return words.length > 0 ? [...new Set(words)].slice(0, SHAPE_FAULTS_MAX) : ['the value has the wrong shape']
}

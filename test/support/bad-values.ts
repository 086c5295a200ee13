import type { FieldSchema } from './api-calls.ts'

/** What people, broken clients and attackers put into fields. */
const TEXTS: readonly string[] = [
  '',
  ' ',
  '0',
  '-1',
  '1e999',
  'NaN',
  'Infinity',
  '-Infinity',
  'null',
  'undefined',
  '\u0000',
  'a\u0000b',
  'a\r\nX-Injected: 1',
  '\u001b[31m',
  '\u202e\u200b',
  '玩家👾',
  '\ud800',
  'ﷺ'.repeat(50),
  "' OR '1'='1",
  "'; DROP TABLE users; --",
  '" UNION SELECT * FROM users --',
  '{{7*7}}<%= 7*7 %>',
  '<script>alert(1)</script>',
  '../../../../etc/passwd',
  '%00%27%22',
  '%s%n%d',
  '__proto__',
  'constructor',
  '9'.repeat(400),
  'x'.repeat(5000),
]

const OTHERS: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  1e21,
  -1e-9,
  Number.MAX_SAFE_INTEGER,
  2 ** 63,
  [],
  ['10001'],
  {},
  { $gt: '' },
  { toString: 1 },
]

/** All of them that the field's description does not allow. What it allows is no bad input, however odd it looks. */
export function badValues(schema: FieldSchema): unknown[] {
  return [...OTHERS, ...TEXTS].filter((value) => !allows(schema, value))
}

/** Those that the description allows although they look odd: they may be refused, but never break anything. */
export function oddValues(schema: FieldSchema): unknown[] {
  return [...OTHERS, ...TEXTS].filter((value) => allows(schema, value))
}

/** The same for a field of a query, where everything is text and only whole numbers are read as numbers. */
export function badTexts(schema: FieldSchema): string[] {
  return TEXTS.filter((text) => !allowsText(schema, text))
}

export function oddTexts(schema: FieldSchema): string[] {
  return TEXTS.filter((text) => allowsText(schema, text))
}

function allowsText(schema: FieldSchema, text: string): boolean {
  // A lone half of a surrogate pair cannot be written in an address: it arrives as another character.
  const arrives = text.toWellFormed()
  return allows(schema, schema.type === 'integer' && /^-?[0-9]{1,15}$/.test(text) ? Number(text) : arrives)
}

function allows(schema: FieldSchema, value: unknown): boolean {
  if (schema.not) return false
  const types = schema.type === undefined ? null : [schema.type].flat()
  if (schema.enum && !schema.enum.includes(value)) return false
  if (types === null) return true
  if (typeof value === 'string') {
    if (!types.includes('string')) return false
    const length = [...value].length
    if (length > (schema.maxLength ?? Number.POSITIVE_INFINITY) || length < (schema.minLength ?? 0)) return false
    return schema.pattern === undefined || new RegExp(schema.pattern, 'u').test(value)
  }
  if (typeof value === 'number') {
    if (!types.includes('number') && !(types.includes('integer') && Number.isInteger(value))) return false
    return value >= (schema.minimum ?? -Infinity) && value <= (schema.maximum ?? Infinity)
  }
  if (value === null) return types.includes('null')
  if (typeof value === 'boolean') return types.includes('boolean')
  return types.includes(Array.isArray(value) ? 'array' : 'object')
}

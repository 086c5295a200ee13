import type { Static, TSchema } from 'typebox'
import { Errors } from 'typebox/schema'
import { accepted, type FieldFault, type Outcome, refused } from '../../kernel/outcome.ts'
import { fits } from '../read-body.ts'

// A person who looks for the cause reads the first few.
const FAULTS_MAX = 10

/** A value that has the shape, or what is wrong with it. */
export function fitting<T extends TSchema>(schema: T, value: unknown): Outcome<Static<T>> {
  if (fits(schema, value)) return accepted(value)
  const faults = new Map<string, string>()
  for (const error of Errors(schema, value)[1]) {
    const path = error.instancePath.slice(1).replaceAll('/', '.')
    // Said of what none of several shapes fits; each of them says why.
    if (error.keyword === 'anyOf') continue
    if (error.keyword !== 'required') faults.set(path, error.message)
    else for (const missing of error.params.requiredProperties) faults.set(joined(path, missing), 'is missing')
  }
  // What does not fit is a fault, whatever is said of it.
  if (faults.size === 0) faults.set('', 'has the wrong shape')
  const details: FieldFault[] = [...faults].slice(0, FAULTS_MAX).map(([path, message]) => ({ path, message }))
  return refused('invalid_fields', { details })
}

function joined(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`
}

/** Whether Stripe says of an object that it is of its test mode or a sandbox. */
export function isPlayMoney(object: unknown): boolean {
  return typeof object === 'object' && object !== null && 'livemode' in object && object.livemode === false
}

/** A body as JSON; null for what is none. */
export function parsedJson(rawBody: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(rawBody))
  } catch {
    return null
  }
}

import type { FastifySchemaValidationError } from 'fastify'
import type { FieldFault } from '../kernel/outcome.ts'

// A body can hold a few thousand wrong fields; a person reads the first few dozen.
const FAULTS_MAX = 50

/** The validator's findings in the words of the contract: a path, and what is wrong there. */
export function faultsOf(errors: readonly FastifySchemaValidationError[], context: string | undefined): FieldFault[] {
  const faults = new Map<string, FieldFault>()
  for (const error of errors) {
    const path = pathOf(error, context)
    if (!faults.has(path)) faults.set(path, { path, message: messageOf(error) })
    if (faults.size === FAULTS_MAX) break
  }
  return [...faults.values()]
}

function pathOf(error: FastifySchemaValidationError, context: string | undefined): string {
  const parts = error.instancePath.split('/').slice(1)
  const missing = error.params['missingProperty']
  if (typeof missing === 'string') parts.push(missing)
  const path = parts.join('.')
  return path === '' ? (context ?? 'body') : path
}

function messageOf(error: FastifySchemaValidationError): string {
  switch (error.keyword) {
    case 'required':
      return 'is required'
    case 'pattern':
      return 'does not have the right form'
    case 'not':
      return 'must not be sent here'
    default:
      return error.message ?? 'is not valid'
  }
}

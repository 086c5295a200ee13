import type { Access } from '../../src/http/route.ts'
import type { TestApp } from './test-app.ts'

/** What the OpenAPI document says of a field, as far as tests read it. */
export interface FieldSchema {
  readonly type?: string | readonly string[]
  readonly minimum?: number
  readonly maximum?: number
  readonly pattern?: string
  readonly minLength?: number
  readonly maxLength?: number
  readonly enum?: readonly unknown[]
  readonly not?: unknown
}

export interface Fields {
  readonly properties: Readonly<Record<string, FieldSchema>>
  readonly required: readonly string[]
}

/** One call of the API, as the document describes it. */
export interface ApiCall {
  readonly method: string
  readonly path: string
  /** Who may make it, as the document's `x-access` says. */
  readonly access: Access
  readonly params: Fields | null
  readonly query: Fields | null
  readonly body: Fields | null
}

/** Every call under `/api/v1` that `/openapi.json` describes: a new one is tested without a line of a test. */
export async function describedCalls(app: TestApp): Promise<ApiCall[]> {
  const { body: document } = await app.call('GET', '/openapi.json')
  const calls: ApiCall[] = []
  for (const path of Object.keys(document.paths)) {
    if (!path.startsWith('/api/v1/')) continue
    for (const method of Object.keys(document.paths[path])) {
      const operation = document.paths[path][method]
      calls.push({
        method: method.toUpperCase(),
        path,
        access: operation['x-access'],
        params: parametersOf(operation.parameters ?? [], 'path'),
        query: parametersOf(operation.parameters ?? [], 'query'),
        body: bodyOf(operation.requestBody?.content?.['application/json']?.schema),
      })
    }
  }
  return calls
}

interface Parameter {
  readonly in: string
  readonly name: string
  readonly required?: boolean
  readonly schema: FieldSchema
}

function parametersOf(parameters: readonly Parameter[], place: 'path' | 'query'): Fields | null {
  const ofPlace = parameters.filter((parameter) => parameter.in === place)
  if (ofPlace.length === 0) return null
  return {
    properties: Object.fromEntries(ofPlace.map((parameter) => [parameter.name, parameter.schema])),
    required: ofPlace.filter((parameter) => parameter.required).map((parameter) => parameter.name),
  }
}

function bodyOf(
  schema: { properties?: Fields['properties']; required?: readonly string[] } | undefined,
): Fields | null {
  return schema ? { properties: schema.properties ?? {}, required: schema.required ?? [] } : null
}

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
  readonly isOpen: boolean
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
        isOpen: operation.security?.length === 0,
        query: queryOf(operation.parameters ?? []),
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

function queryOf(parameters: readonly Parameter[]): Fields | null {
  const query = parameters.filter((parameter) => parameter.in === 'query')
  if (query.length === 0) return null
  return {
    properties: Object.fromEntries(query.map((parameter) => [parameter.name, parameter.schema])),
    required: query.filter((parameter) => parameter.required).map((parameter) => parameter.name),
  }
}

function bodyOf(
  schema: { properties?: Fields['properties']; required?: readonly string[] } | undefined,
): Fields | null {
  return schema ? { properties: schema.properties ?? {}, required: schema.required ?? [] } : null
}

import { styleText } from 'node:util'

export type Json = Record<string, unknown>
/** Fields of the answer by their paths (`items.0.id`), and what they must be. */
export type Expected = Readonly<Record<string, unknown>>

export interface Step {
  readonly says: string
  readonly call: `${'GET' | 'POST' | 'PATCH'} /${string}`
  readonly body?: Json
  readonly token?: string
  readonly status?: number
  readonly expect: Expected
  /** Fields that are worth seeing beside the expected ones. */
  readonly show?: readonly string[]
}

export class NoServer extends Error {
  override readonly name = 'NoServer'
}
/** What follows needs an answer that did not come. */
export class CannotGoOn extends Error {
  override readonly name = 'CannotGoOn'
}

/** For a server that takes the call and then says nothing. */
const ANSWER_WITHIN_MS = 10_000

/** A walk along one server: each step is shown, and what is not as it should be is noted. */
export interface Walk {
  /** Makes one call, shows it, and notes what is not as it should be. Gives the answer. */
  step(wanted: Step): Promise<Json>
  note(fault: string): void
  readonly faults: readonly string[]
  readonly steps: () => number
}

export function openWalk(base: string): Walk {
  const faults: string[] = []
  let steps = 0
  const note = (fault: string): void => {
    faults.push(fault)
    say(`   ${colour('red', `not ok: ${fault}`)}`)
  }
  return {
    faults,
    note,
    steps: () => steps,
    async step(wanted) {
      steps += 1
      say(
        `${colour('bold', `${steps}. ${wanted.says}`)}\n   ${wanted.call}${wanted.body ? ` ${JSON.stringify(wanted.body)}` : ''}`,
      )
      const { status, answer } = await send(base, wanted)
      const shown = [...Object.keys(wanted.expect), ...(wanted.show ?? [])]
      const fields = shown.map((name) => `${name}=${JSON.stringify(field(answer, name))}`).join(' ')
      const wrong = faultsOf(wanted, { status, answer })
      say(`   -> ${status} ${fields} ${wrong.length === 0 ? colour('green', 'ok\n') : ''}`)
      for (const fault of wrong) note(`step ${steps} (${wanted.call.split('?', 1)[0]}): ${fault}`)
      return answer
    },
  }
}

function faultsOf(
  { expect, status: wanted = 200 }: Step,
  { status, answer }: { status: number; answer: Json },
): string[] {
  return [
    ...(status === wanted ? [] : [`status ${status} in place of ${wanted}: ${JSON.stringify(answer)}`]),
    ...Object.entries(expect)
      .filter(([name, value]) => field(answer, name) !== value)
      .map(([name, value]) => `${name} is ${JSON.stringify(field(answer, name))} in place of ${JSON.stringify(value)}`),
  ]
}

async function send(base: string, { call, body, token }: Step): Promise<{ status: number; answer: Json }> {
  const [method = 'GET', path = '/'] = call.split(' ')
  const headers: Record<string, string> = {}
  if (token !== undefined) headers['authorization'] = `Bearer ${token}`
  if (body !== undefined) headers['content-type'] = 'application/json'
  const init = { method, headers, signal: AbortSignal.timeout(ANSWER_WITHIN_MS) }
  const said = body === undefined ? init : { ...init, body: JSON.stringify(body) }
  try {
    const response = await fetch(base + path, said)
    return { status: response.status, answer: readJson(await response.text()) }
  } catch (error) {
    throw new NoServer(reasonOf(error))
  }
}

function readJson(words: string): Json {
  try {
    const value: unknown = JSON.parse(words)
    return typeof value === 'object' && value !== null ? (value as Json) : {}
  } catch {
    return {}
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  return cause instanceof Error && 'code' in cause ? String(cause.code) : error.message
}

/** A field of an answer by its path. */
export function field(answer: Json, path: string): unknown {
  return path.split('.').reduce<unknown>((value, name) => {
    if (Array.isArray(value) && name === 'length') return value.length
    return typeof value === 'object' && value !== null && Object.hasOwn(value, name) ? (value as Json)[name] : undefined
  }, answer)
}

/** A field that the next calls need. */
export function text(answer: Json, path: string): string {
  const value = field(answer, path)
  if (typeof value !== 'string' || value === '') throw new CannotGoOn(`the answer has no ${path}: the walk ends here`)
  return value
}

export function colour(name: 'green' | 'red' | 'bold', words: string): string {
  return process.stdout.isTTY ? styleText(name, words) : words
}

export function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

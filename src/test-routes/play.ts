import { randomBytes } from 'node:crypto'

/** A call of the API, made as a client would make it. */
export interface ApiCall {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly token: string | null
  readonly body: object | null
}

/** Makes a call on this very server: the same hooks, checks and code as over the network. */
export type CallApi = (call: ApiCall) => Promise<{ status: number; body: unknown }>

/** One call of a played story, and what the server answered. */
export interface PlayedStep {
  readonly call: string
  readonly sent: object | null
  readonly status: number
  readonly answer: Readonly<Record<string, unknown>>
}

/** A story as it was played: the throw-away player, and each call with its answer. */
export interface Play {
  readonly steps: PlayedStep[]
  /** Calls, and notes whether the answer has the status that it should have. */
  call(method: ApiCall['method'], path: string, expected: { body?: object; status?: number }): Promise<PlayedStep>
  readonly isAsExpected: () => boolean
  readonly uid: () => string
  readonly orderId: (name: string) => string
}

/** Starts a story with a player of its own, whom nobody meets again. */
export function startPlay(callApi: CallApi): Play {
  const name = randomBytes(8).toString('hex')
  const steps: PlayedStep[] = []
  let token: string | null = null
  let uid = ''
  let asExpected = true
  return {
    steps,
    isAsExpected: () => asExpected,
    uid: () => uid,
    orderId: (of) => `test-${name}-${of}`,
    call: async (method, path, { body = null, status = 200 }) => {
      const answered = await callApi({ method, path: path.replace('{name}', name), token, body })
      const answer = answered.body as PlayedStep['answer']
      const step = { call: `${method} ${path.replace('{name}', name)}`, sent: body, status: answered.status, answer }
      steps.push(step)
      if (answered.status !== status) asExpected = false
      if (path.endsWith('/token')) token = typeof answer['token'] === 'string' ? answer['token'] : null
      if (typeof answer['uid'] === 'string') uid = answer['uid']
      return step
    },
  }
}

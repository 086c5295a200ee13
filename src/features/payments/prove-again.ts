import type {
  ChannelMessage,
  Channels,
  DirectChannel,
  Evidence,
  FailureMessage,
  ProvenCaller,
  SuccessMessage,
} from '../../channels/channel.ts'
import type { Row } from '../../db/schema.ts'
import { accepted, type FieldFault, type Outcome, refused } from '../../kernel/outcome.ts'

/** What kept messages are proven and translated by. */
export interface ProofDeps {
  readonly channels: Channels
  readonly direct: DirectChannel
  /** What is wrong with the fields of a message in our own form. */
  readonly messageFaults: (kind: 'payment' | 'failure', value: unknown) => FieldFault[]
  readonly verifySigner: (message: {
    signature: string | undefined
    channelHeader: string | undefined
    paymentChannel: string | undefined
    rawBody: Uint8Array
    nowMs: number
  }) => Outcome<ProvenCaller>
}

/** A message as it was kept. */
export interface KeptMessage {
  readonly event: Row<'payment_events'>
  readonly body: Uint8Array
}

const SERVER_INSTANCE = 'server'

/**
 * Proves and translates a kept message with today's code, at the time at which it was received: its signature is as old
 * as it was then. What an app's own server said was proven by a token that is not kept: it is believed as it was, since
 * nothing is kept without proof.
 */
export async function proveAgain(deps: ProofDeps, { event, body }: KeptMessage): Promise<Outcome<ChannelMessage>> {
  const headers = JSON.parse(event.headers) as Readonly<Record<string, string>>
  const isOurForm = event.kind === 'payment' || event.kind === 'failure'
  if (isOurForm && event.instance === SERVER_INSTANCE) {
    return translate(deps, { event, body }, { kind: 'server', appId: event.app_id })
  }
  const channel = deps.channels.byInstance(event.instance)
  // A callback says by its type what it is; our own form is known by its address, which is not kept.
  const isCallback = channel?.receive !== undefined && textField(body, 'type') !== undefined
  if (isOurForm && headers['x-signature'] !== undefined && !isCallback) {
    const caller = deps.verifySigner({
      signature: headers['x-signature'],
      channelHeader: headers['x-channel'],
      paymentChannel: textField(body, 'payment_channel'),
      rawBody: body,
      nowMs: event.received_at_ms,
    })
    return caller.ok ? translate(deps, { event, body }, caller.value) : caller
  }
  if (!channel?.receive || channel.appId !== event.app_id) return refused('channel_not_found')
  const nowMs = event.received_at_ms
  const { callback, request_id: requestId } = event
  return await channel.receive({ callback, headers, rawBody: body, nowMs, requestId, isProven: true })
}

/** A message in our own form, as its call would have read it. */
function translate(
  { direct, messageFaults }: ProofDeps,
  { event, body }: KeptMessage,
  caller: ProvenCaller,
): Outcome<ChannelMessage> {
  const value = parsed(body)
  const details = messageFaults(event.kind === 'payment' ? 'payment' : 'failure', value)
  if (details.length > 0) return refused('invalid_fields', { details })
  const evidence: Evidence = {
    kind: event.kind as Evidence['kind'],
    headers: JSON.parse(event.headers),
    rawBody: body,
    receivedAtMs: event.received_at_ms,
    requestId: event.request_id,
  }
  if (event.kind === 'payment') {
    const payment = direct.payment(caller, { message: value as SuccessMessage, evidence })
    return payment.ok ? accepted({ kind: 'payment', payment: payment.value }) : payment
  }
  const failure = direct.failure(caller, { message: value as FailureMessage, evidence })
  return failure.ok ? accepted({ kind: 'failure', failure: failure.value }) : failure
}

function textField(body: Uint8Array, name: 'payment_channel' | 'type'): string | undefined {
  const value = (parsed(body) as Readonly<Record<string, unknown>> | null)?.[name]
  return typeof value === 'string' ? value : undefined
}

function parsed(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body))
  } catch {
    return null
  }
}

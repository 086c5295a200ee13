import type { ErrorCode } from '../../kernel/error-codes.ts'
import type { CallbackResult, PlatformAnswer, PlayerShown, WebhookCall } from '../channel.ts'
import { readJson } from '../read-body.ts'
import { isShopCheck } from './receive.ts'
import { memberOf } from './wire.ts'

/** The codes that the platform knows of a refusal. */
type XsollaErrorCode =
  | 'INVALID_SIGNATURE'
  | 'INVALID_USER'
  | 'INVALID_PARAMETER'
  | 'INCORRECT_AMOUNT'
  | 'INCORRECT_INVOICE'
  | 'SERVER_ERROR'

const JSON_HEADERS = { 'content-type': 'application/json' }

/** What becomes of a webhook, in the platform's own words: 204 done, 400 for good, 500 send it again. */
export function answerXsolla(result: CallbackResult, { rawBody }: Pick<WebhookCall, 'rawBody'>): PlatformAnswer {
  switch (result.kind) {
    case 'done':
      return result.refusal === 'test_mode'
        ? refusal('INVALID_PARAMETER', 'This is a sandbox purchase, and this game takes none here.')
        : { status: 204, body: null }
    case 'answered':
      return answerAbout(result.answer.player, rawBody)
    case 'refused':
      return result.code === 'player_not_found' ? answerAbout(null, rawBody) : refusedFor(result.code)
    case 'invalid_signature':
      return refusal('INVALID_SIGNATURE', 'The signature is missing or wrong.')
    case 'retry_later':
      return refusal('SERVER_ERROR', 'Something went wrong on our side; send it again.', 500)
  }
}

/** Only the questions tell of a player; each of the three is answered in its own way. */
function answerAbout(player: PlayerShown | null, rawBody: Uint8Array): PlatformAnswer {
  const body = readJson(rawBody)
  if (player === null) {
    return refusal('INVALID_USER', 'There is no such player.', isShopCheck(body) ? 404 : 400)
  }
  const { name, avatarUrl } = player
  const id = String(player.playerId)
  if (isShopCheck(body)) {
    const user = { id, ...(name === '' ? {} : { name }), ...(avatarUrl === '' ? {} : { picture: avatarUrl }) }
    return { status: 200, headers: JSON_HEADERS, body: JSON.stringify({ user, attributes: [] }) }
  }
  if (memberOf(body, 'notification_type') === 'user_search') {
    const user = { id, public_id: id, ...(name === '' ? {} : { name }) }
    return { status: 200, headers: JSON_HEADERS, body: JSON.stringify({ user }) }
  }
  return { status: 204, body: null }
}

function refusedFor(code: ErrorCode): PlatformAnswer {
  switch (code) {
    case 'price_mismatch':
      return refusal('INCORRECT_AMOUNT', 'The amount is not the price of what was bought.')
    case 'order_conflict':
      return refusal('INCORRECT_INVOICE', 'This order is known with other facts.')
    case 'item_not_found':
    case 'item_locked':
      return refusal('INVALID_PARAMETER', 'An item is unknown here, or not open to this player.')
    case 'balance_overflow':
      return refusal('INVALID_PARAMETER', 'The balance would exceed what can be counted.')
    default:
      return refusal('INVALID_PARAMETER', 'The message does not fit this project.')
  }
}

function refusal(code: XsollaErrorCode, message: string, status = 400): PlatformAnswer {
  return { status, headers: JSON_HEADERS, body: JSON.stringify({ error: { code, message } }) }
}

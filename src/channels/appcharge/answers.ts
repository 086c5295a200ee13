import { type ErrorCode, messageOf } from '../../kernel/error-codes.ts'
import type { CallbackResult, ItemOffered, PlatformAnswer, QuestionAnswer, WebhookCall } from '../channel.ts'
import { skuOfItem } from '../item-of-sku.ts'
import type { AppchargeInstance } from './instance.ts'
import { CALLBACKS, type Callback } from './wire.ts'

type Call = Pick<WebhookCall, 'callback'>

/** Answers a callback in the form that its kind has at Appcharge. */
export function answerOf(instance: AppchargeInstance, result: CallbackResult, call: Call): PlatformAnswer {
  const callback = callbackOf(call.callback)
  switch (callback) {
    case null:
      return json(404, { error: 'There is no such callback.' })
    case 'award':
      return answerOfAward(result)
    case 'events':
      return answerOfEvent(result)
    case 'auth':
      return answerOfAuth(result)
    case 'auth-initiate':
      return answerOfInitiate(instance, result)
    case 'personalize':
      return answerOfPersonalize(instance, result)
  }
}

/** Which callback an address names; null: none of them. */
export function callbackOf(name: string | null): Callback | null {
  return CALLBACKS.find((known) => known === name) ?? null
}

function json(status: number, body: object): PlatformAnswer {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
}

const FORGED = 'The signature or the publisher token is not right.'

/**
 * A refusal leaves the order as failed and charged in the dashboard, where a person can have the award sent again: after our
 * approval the same one is granted.
 */
function answerOfAward(result: CallbackResult): PlatformAnswer {
  const refusal = (status: number, publisherErrorMessage: string) => json(status, { publisherErrorMessage })
  switch (result.kind) {
    case 'done':
      if (result.refusal !== null) return refusal(400, messageOf(result.refusal, 'en'))
      return result.orderId === null
        ? refusal(400, messageOf('invalid_fields', 'en'))
        : json(200, { publisherPurchaseId: result.orderId })
    case 'answered':
      return refusal(400, messageOf('invalid_fields', 'en'))
    case 'refused':
      return refusal(400, messageOf(result.code, 'en'))
    case 'invalid_signature':
      return refusal(401, FORGED)
    case 'retry_later':
      return refusal(503, messageOf('internal_error', 'en'))
  }
}

/** An event that we cannot use is taken all the same: it is kept, and sending it again would change nothing. */
function answerOfEvent(result: CallbackResult): PlatformAnswer {
  switch (result.kind) {
    case 'invalid_signature':
      return json(401, { error: FORGED })
    case 'retry_later':
      return json(503, { error: messageOf('internal_error', 'en') })
    default:
      return { status: 200, body: null }
  }
}

/**
 * Nobody sends a login again but the player, so whatever goes wrong is told to them in words; a status of its own would only show
 * them the platform's own error.
 */
function answerOfAuth(result: CallbackResult): PlatformAnswer {
  switch (result.kind) {
    case 'answered': {
      const { player, refusal } = result.answer
      if (!player) return notLetIn(refusal ?? 'player_not_found')
      return json(200, {
        status: 'valid',
        publisherPlayerId: String(player.playerId),
        // It must not be empty.
        playerName: player.name || `Player ${player.playerId}`,
        playerProfileImage: player.avatarUrl,
        sessionMetadata: {},
      })
    }
    case 'invalid_signature':
      return json(401, { error: FORGED })
    case 'refused':
      return result.code === 'malformed_json'
        ? json(400, { error: messageOf(result.code, 'en') })
        : notLetIn(result.code)
    case 'retry_later':
    case 'done':
      return notLetIn('internal_error')
  }
}

function notLetIn(code: ErrorCode): PlatformAnswer {
  return json(200, {
    status: 'invalid',
    publisherErrorMessageType: 'plainText',
    publisherErrorMessageTitle: 'Login failed',
    publisherErrorMessage: messageOf(code, 'en'),
  })
}

function answerOfInitiate({ deepLink }: AppchargeInstance, result: CallbackResult): PlatformAnswer {
  if (result.kind === 'answered' && result.answer.begun && deepLink !== null) {
    const { loginToken } = result.answer.begun
    return json(200, {
      deepLink: deepLink.replaceAll('{token}', () => encodeURIComponent(loginToken)),
      accessToken: loginToken,
    })
  }
  return answerOfFailedQuestion(result)
}

function answerOfFailedQuestion(result: CallbackResult): PlatformAnswer {
  const failed = (status: number, code: ErrorCode) => json(status, { error: messageOf(code, 'en') })
  switch (result.kind) {
    case 'invalid_signature':
      return json(401, { error: FORGED })
    case 'refused':
      return failed(result.code === 'malformed_json' ? 400 : 403, result.code)
    case 'answered':
      return failed(403, result.answer.refusal ?? 'login_type_unavailable')
    case 'retry_later':
    case 'done':
      return failed(503, 'internal_error')
  }
}

function answerOfPersonalize(instance: AppchargeInstance, result: CallbackResult): PlatformAnswer {
  if (result.kind === 'answered') return json(200, storeOf(instance, result.answer))
  if (result.kind === 'refused' && result.code === 'player_not_found') return json(200, NO_STORE)
  return answerOfFailedQuestion(result)
}

const NO_STORE = { status: 'invalid', sessionMetadata: {} }

/** The store as it is open to a player now. Prices are those of Appcharge's own catalogue. */
function storeOf(instance: AppchargeInstance, { player, items, standing }: QuestionAnswer): object {
  if (!player || !standing) return NO_STORE
  const { products, authMethods } = instance
  const quantities = [
    { publisherProductId: products.coins, quantity: standing.coins },
    { publisherProductId: products.tokens, quantity: standing.tokens },
  ]
  const told = {
    status: 'valid',
    version: 2,
    sessionMetadata: {},
    offersOrder: 'publisherOrder',
    offers: items.map((item) => offerOf(instance, item)),
    segments: [
      standing.isPremium ? 'premium' : 'standard',
      ...(standing.isFirstCharge ? ['first_charge'] : ['returning']),
    ],
  }
  // Where a number need only be typed, whoever looks may be anybody.
  if (authMethods.includes('userToken')) return told
  return {
    ...told,
    // A debt is ours to know of: the store counts from nothing.
    balances: quantities.map((balance) => ({ ...balance, quantity: Math.max(0, balance.quantity) })),
    attributes: { level: standing.level, vip_level: standing.vipLevel },
  }
}

function offerOf({ items, products }: AppchargeInstance, item: ItemOffered): object {
  const sku = skuOfItem(items, item.itemId)
  const contents = [
    { publisherProductId: products.coins, quantity: item.coins },
    { publisherProductId: products.tokens, quantity: item.tokens },
  ].filter(({ quantity }) => quantity > 0)
  // An offer of neither is still of something: the item itself.
  const shown = contents.length > 0 ? contents : [{ publisherProductId: sku, quantity: 1 }]
  return {
    publisherOfferId: sku,
    productsSequence: [
      {
        index: 1,
        products: shown.map((product, at) => ({ ...product, priority: at === 0 ? 'Main' : 'Sub' })),
      },
    ],
    ...(item.bonusPercent > 0 ? { productSale: { sale: item.bonusPercent, type: 'percentage' } } : {}),
  }
}

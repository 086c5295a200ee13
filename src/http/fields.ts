import { Type } from 'typebox'

/** Fields that several calls share, described once. */

/** A price or an item id may also be a string: older clients send both. Checked in one schema, so one fault a field. */
export const PriceField = Type.Unsafe<number | string>({
  type: ['number', 'string'],
  minimum: 0,
  pattern: '^[0-9]{1,15}(\\.[0-9]{1,15})?$',
  maxLength: 32,
  description: 'Amount in major units, with at most the decimals of its currency',
})

export const ItemIdField = Type.Unsafe<number | string>({
  type: ['integer', 'string'],
  minimum: 1,
  maximum: 2_147_483_647,
  pattern: '^[1-9][0-9]{0,8}$',
  maxLength: 9,
  description: 'Id of an item of the store',
})

export const UidField = Type.String({
  pattern: '^[1-9][0-9]{0,14}$',
  maxLength: 15,
  description: "The player's number, as a decimal string",
})

export const CurrencyField = Type.String({
  pattern: '^[A-Za-z]{3}$',
  maxLength: 3,
  description: 'ISO 4217 code',
})

/**
 * An order id of the caller's own: visible ASCII without `:`, which only platforms' orders have. One named `history`,
 * `.` or `..` could never be read: `/orders/history` is another call, and an address ends no path in dots.
 */
export const CallerOrderIdField = Type.String({
  pattern: '^(?!(?:history|\\.{1,2})$)[!-9;-~]{1,128}$',
  maxLength: 128,
  description: 'The order: visible ASCII without a colon, unique within the app, and not `history`, `.` or `..`',
})

/** Any order id, a platform's included. */
export const OrderIdField = Type.String({ pattern: '^[!-~]{1,200}$', maxLength: 200 })

/** One line of text for people: no control characters. */
export const shortText = (maxLength: number, description: string) =>
  Type.String({ maxLength, pattern: '^[^\\u0000-\\u001f\\u007f]*$', description })

/** Which channel a client means, by its configured name. */
export const ChannelNameField = Type.String({
  minLength: 1,
  maxLength: 64,
  pattern: '^[!-~]+$',
  description: 'A payment channel, by its configured name',
})

/** The caller's name for a change, in the header or the body. */
export const IdempotencyKeyField = Type.String({
  pattern: '^[!-~]{1,128}$',
  maxLength: 128,
  description:
    'The same key with the same request is answered the same, and changes nothing again: for ever where coins or tokens ' +
    'moved, else for a day',
})

export const LIMIT_DEFAULT = 20
export const LimitField = Type.Integer({
  minimum: 1,
  maximum: 100,
  default: LIMIT_DEFAULT,
  description: 'Rows of a page',
})
export const CursorField = Type.String({ maxLength: 400, description: '`next_cursor` of the page before' })
export const NextCursorField = Type.Union([Type.String(), Type.Null()], {
  description: 'Pass it as `cursor` for the next page; null on the last',
})

export const ActItemSchema = Type.Object({ id: Type.String(), name: Type.String(), num: Type.Integer() })

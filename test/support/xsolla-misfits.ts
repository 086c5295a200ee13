import { type Changes, newPurchase, paidOrder, row, type XsollaBody, xsollaBody } from './xsolla.ts'

const order = (changes: Changes = {}) => paidOrder('10001', newPurchase(), changes)
const oneRow = (fields: object) => order({ items: [row({ sku: 'starter_pack', amount: '19.99', ...fields })] })

/** Webhooks that no careful platform sends, each with what is wrong with it. */
export function misfits(): Readonly<Record<string, XsollaBody>> {
  return { ...ofTheMessage(), ...ofTheRows(), ...ofTheOrder(), ...ofRefunds() }
}

type Misfits = Record<string, XsollaBody>

const each = (what: string, values: readonly unknown[], misfit: (value: unknown) => XsollaBody): Misfits =>
  Object.fromEntries(values.map((value) => [`${what} ${JSON.stringify(value)}`, misfit(value)]))

function ofTheMessage(): Misfits {
  return {
    'no JSON': 'paid',
    'a list': '[]',
    nothing: '{}',
    ...each('a type of', [['order_paid'], 1, { order_paid: true }, null, true], (type) => ({
      ...order(),
      notification_type: type,
    })),
    "another project's": order({ settings: { project_id: 1 } }),
    "another project's, within": order({ billing: { settings: { project_id: 1, merchant_id: 7411 } } }),
    "another merchant's": order({ settings: { project_id: 51123, merchant_id: 1 } }),
    'a wish for a catalogue': { notification_type: 'partner_side_catalog', user: { user_id: '10001' } },
    'a wish for a code': { notification_type: 'get_pincode', user: { id: '10001' } },
  }
}

function ofTheRows(): Misfits {
  const plain = ['-19.99', -19.99, '1e3', 1e21, 'NaN', 'Infinity', '', ' 19.99', '19,99', '0x10', '19.999']
  const amounts = [
    ...plain,
    19.990000000000002,
    '9007199254740993.00',
    '1'.repeat(33),
    '+1',
    '1.',
    '.5',
    ['1'],
    { is: 1 },
  ]
  return {
    'ten thousand rows': order({ items: Array.from({ length: 10_000 }, () => row({ sku: '1' })) }),
    'a hundred and one rows': order({ items: Array.from({ length: 101 }, () => row({ sku: '1', amount: 1 })) }),
    'no rows': order({ items: [] }),
    'rows that are none': order({ items: { 0: row({ sku: '1' }) } }),
    'contents alone': oneRow({ is_bundle_content: true }),
    'a row without a sku': oneRow({ sku: undefined }),
    'an empty sku': oneRow({ sku: '' }),
    ...each('a quantity of', [0, -1, 1.5, 1e9, 1e21, '1', null, [1], true], (quantity) => oneRow({ quantity })),
    ...each('an amount of', amounts, (amount) => oneRow({ amount })),
  }
}

function ofTheOrder(): Misfits {
  const inGame = { currency: 'gold', amount: '500' }
  return {
    'an amount below nothing': order({ order: { amount: '-1' } }),
    'yen with decimals': order({ order: { currency: 'JPY' } }),
    ...each('a currency of', ['XXX', '', null, 840], (currency) => order({ order: { currency } })),
    ...each('a mode of', ['staging', '', null], (mode) => order({ order: { mode } })),
    'money that we do not know': order({ order: { currency_type: 'crypto' } }),
    'paid with currency of the game': order({ order: { currency_type: 'virtual', ...inGame } }),
    'paid with points': order({ order: { currency_type: 'loyalty_point', ...inGame } }),
    'no order': order({ order: undefined }),
    'an order that is null': order({ order: null }),
    'no number of the order': order({ order: { id: undefined } }),
    ...each('an order numbered', [0, -1, 1.5, 2 ** 53, '1e3', 'one', [1]], (id) => order({ order: { id } })),
    ...each('an invoice numbered', ['one', 1.5, ['1']], (id) => order({ order: { invoice_id: id } })),
    'no user': order({ user: undefined }),
    'a user that is null': order({ user: null }),
    ...each('a player named', [null, 'ana', '0010001', '10001 ', '', 1.5, ['10001']], (id) => ({
      ...order(),
      user: { external_id: id },
    })),
  }
}

function ofRefunds(): Misfits {
  const part = (total: unknown) => xsollaBody('partial-refund', { purchase: { total } })
  return {
    'a refund of nothing': xsollaBody('refund', { transaction: undefined }),
    ...each('a refund of', [null, 'one', 1.5, 0], (id) => xsollaBody('refund', { transaction: { id } })),
    ...each('a part of', [0, -5, 'NaN', null, '5.001'], (amount) => part({ amount })),
    'a part in no currency': part({ currency: 'gold' }),
    'a part without a sum': xsollaBody('partial-refund', { purchase: undefined, payment_details: undefined }),
    'a cancellation of nothing': xsollaBody('order-canceled', { order: undefined }),
  }
}

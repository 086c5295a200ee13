/** Real money, or a platform's play money. A payment is identified within its environment. */
export type PaymentEnvironment = 'live' | 'test'

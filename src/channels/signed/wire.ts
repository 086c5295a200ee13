/** The body of `/payment/success` as it was documented from the first release on. */
export interface SuccessMessage {
  readonly order_id: string
  readonly uid: string
  readonly item_id: number | string
  readonly price: number | string
  readonly currency: string
  readonly transaction_id?: string
  readonly payment_channel?: string
  readonly payment_method?: string
}

/** The body of `/payment/failure`. Its price and currency bind nobody. */
export interface FailureMessage {
  readonly order_id: string
  readonly uid: string
  readonly item_id: number | string
  readonly web_pay_error_code: string
  readonly payment_channel?: string
  readonly payment_method?: string
}

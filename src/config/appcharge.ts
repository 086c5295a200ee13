import type { AppchargeSettings } from './channel-settings/appcharge.ts'
import type { AppchargeChannelConfig } from './config.ts'
import { quoted } from './faults.ts'
import { isLoopback } from './network.ts'

const API_URLS = { live: 'https://api.appcharge.com', sandbox: 'https://api-sandbox.appcharge.com' }
const PRODUCTS_DEFAULT = { coins: 'coins', tokens: 'tokens' }
const AUTH_METHODS_DEFAULT = ['facebook', 'google', 'apple', 'otp'] as const

/** What the shape of an appcharge channel's settings does not say, in words that quote no secret of them. */
export function appchargeFaults(settings: AppchargeSettings): string[] {
  const { apiUrl, checkout, authMethods, deepLink } = settings
  const returnUrl = typeof checkout === 'object' ? checkout.returnUrl : undefined
  return [
    ...(apiUrl === undefined ? [] : apiUrlFaults(apiUrl)),
    ...(returnUrl === undefined || URL.canParse(returnUrl) ? [] : [`${quoted(returnUrl)} is no full URL`]),
    ...(deepLink !== undefined && authMethods !== undefined && !authMethods.includes('otp')
      ? ['/deepLink is for players who confirm a login in the game, and /authMethods lacks otp']
      : []),
    ...productFaults(settings),
  ]
}

/** What a currency is called must be no item's name: a thousand coins in an offer would be a thousand of that item. */
function productFaults({ products, items = {} }: AppchargeSettings): string[] {
  const { coins, tokens } = { ...PRODUCTS_DEFAULT, ...products }
  const isItem = (name: string) => Object.hasOwn(items, name) || /^[1-9][0-9]{0,9}$/.test(name)
  return [
    ...[coins, tokens].filter(isItem).map((name) => `${quoted(name)} in /products names an item as well`),
    ...(coins === tokens ? [`${quoted(coins)} in /products is both of coins and of tokens`] : []),
  ]
}

function apiUrlFaults(text: string): string[] {
  const url = URL.parse(text)
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) return [`${quoted(text)} is no full URL`]
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    return ['/apiUrl carries a user, a query or a fragment']
  }
  // The publisher token goes there.
  const isOpen = url.protocol === 'http:' && !isLoopback(url.hostname.replace(/^\[|\]$/g, ''))
  return isOpen ? [`${quoted(text)} is not encrypted: http is for this machine only`] : []
}

/** The settings of an appcharge channel with everything that was left out. */
export function appchargeConfig(settings: AppchargeSettings): Omit<AppchargeChannelConfig, 'instance' | 'appId'> {
  const { environment = 'live', checkout = false, products, apiUrl = API_URLS[environment] } = settings
  return {
    type: 'appcharge',
    mainKeys: settings.mainKeys,
    publisherToken: settings.publisherToken,
    projectId: settings.projectId ?? null,
    environment: environment === 'sandbox' ? 'test' : 'live',
    authMethods: settings.authMethods ?? AUTH_METHODS_DEFAULT,
    deepLink: settings.deepLink ?? null,
    checkout: checkout === false ? null : { returnUrl: checkout === true ? null : (checkout.returnUrl ?? null) },
    priceRule: settings.priceRule ?? 'catalogue',
    items: settings.items ?? {},
    products: { ...PRODUCTS_DEFAULT, ...products },
    freeOffers: settings.freeOffers ?? [],
    acceptSeconds: settings.acceptSeconds ?? false,
    apiUrl: apiUrl.replace(/\/+$/, ''),
  }
}

import type { Button, Told } from '../model/steps.ts'
import { ask, type Cast, orderIdOf, toldBy } from './cast.ts'

/** Presses a button of the sandbox's page; gives what the page says that the server answered to its notices. */
export async function pressPage(cast: Cast, { order, button }: { order: string; button: Button }): Promise<Told> {
  const headers = { 'content-type': 'application/x-www-form-urlencoded', 'accept-language': 'en' }
  const answer = await ask(cast, 'POST', `/sandbox/checkout/${orderIdOf(cast, order)}/${button}`, { headers })
  if (answer.status !== 200) return toldBy(cast, answer)
  const bought = String(answer.body).matchAll(/<code>(sbx_[0-9a-f]+)<\/code>/g)
  cast.purchases.set(
    order,
    Array.from(bought, ([, id]) => String(id)),
  )
  const told = String(answer.body).matchAll(/The server answered (\d{3})/g)
  return { status: 200, facts: { delivered: [...told].map(([, status]) => Number(status)) } }
}

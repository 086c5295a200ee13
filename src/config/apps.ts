import type { Static } from 'typebox'
import type { AppId } from '../kernel/ids.ts'
import { isTimeZone } from '../kernel/local-date.ts'
import type { APP_SCHEMA } from './app-schema.ts'
import type { AppConfig, Environment, InviteConfig } from './config.ts'
import { type ConfigFault, faulty, quoted, type Reading, read } from './faults.ts'
import { isReservedName, parseStrictJson, shapeFaults } from './json-value.ts'
import { loginSettings, loginUrlFaults } from './logins.ts'
import { pageClientFaults } from './page-clients.ts'
import { VARIABLES } from './schema.ts'
import type { Texts } from './settings.ts'
import { webhookFaults, webhooksSettings } from './webhooks.ts'

type AppSettings = Static<typeof APP_SCHEMA>

const EXAMPLE = 'Set APPS to [{"appId": "com.example.game", "appSecret": "<at least 32 random characters>"}].'

function fault(said: string, remedy: string): ConfigFault {
  return { variable: 'APPS', fault: said, remedy }
}

export function readApps(texts: Texts, env: Environment): Reading<readonly AppConfig[]> {
  if (texts.APPS === null) return faulty(fault('is not set', EXAMPLE))
  const json = parseStrictJson(texts.APPS)
  if (!json.ok) return faulty(fault(json.fault, EXAMPLE))
  const shape = shapeFaults(VARIABLES.APPS.value, json.value)
  if (shape.length > 0) return faulty(...shape.map((said) => fault(said, EXAMPLE)))
  const apps = json.value as AppSettings[]
  const faults = [...duplicateFaults(apps), ...apps.flatMap((app) => appFaults(app, env))]
  return faults.length > 0 ? faulty(...faults) : read(apps.map((app) => appConfig(app, env)))
}

function appConfig(app: AppSettings, env: Environment): AppConfig {
  return {
    appId: app.appId as AppId,
    secrets: app.appSecrets ?? (app.appSecret === undefined ? [] : [app.appSecret]),
    timeZone: app.timeZone ?? 'UTC',
    refundPolicy: app.refundPolicy ?? 'debt',
    returnUrls: app.returnUrls ?? [],
    testPurchases: app.testPurchases ?? env === 'local',
    logins: loginSettings(app.logins),
    invite: inviteSettings(app.invite),
    webhooks: webhooksSettings(app.webhooks),
  }
}

/** Enough for somebody with many friends; who brings more is looked at by a person. */
const INVITE_REWARDS_MAX = 100

function inviteSettings(invite: AppSettings['invite']): InviteConfig | null {
  if (invite === undefined) return null
  const { inviter = {}, invited = {}, rewardsMax = INVITE_REWARDS_MAX } = invite
  const rewardOf = ({ coins = 0, tokens = 0 }: typeof inviter) => ({ coins, tokens })
  return { inviter: rewardOf(inviter), invited: rewardOf(invited), rewardsMax }
}

function duplicateFaults(apps: readonly AppSettings[]): ConfigFault[] {
  const ids = apps.map((app) => app.appId)
  const twice = ids.filter((id, i) => ids.indexOf(id) !== i)
  return [...new Set(twice)].map((id) =>
    fault(`names the app ${quoted(id)} twice`, 'Give each app an appId of its own.'),
  )
}

function appFaults(app: AppSettings, env: Environment): ConfigFault[] {
  const faults: ConfigFault[] = []
  const add = (said: string, remedy: string) => faults.push(fault(`${said} in app ${quoted(app.appId)}`, remedy))
  if (isReservedName(app.appId)) add('a reserved name stands as appId', 'Choose another appId.')
  if ((app.appSecret === undefined) === (app.appSecrets === undefined)) {
    add('not exactly one of appSecret and appSecrets stands', 'Give "appSecret", or "appSecrets": [...] to rotate.')
  }
  if (app.timeZone !== undefined && !isTimeZone(app.timeZone)) {
    add(
      `${quoted(app.timeZone)} is no known timeZone`,
      'Use an IANA name like "UTC", "Asia/Shanghai" or "Europe/Berlin".',
    )
  }
  for (const said of loginUrlFaults(app.logins, env)) {
    add(said, 'Leave graphUrl, keysUrl and tokenUrl out to use the platform itself, or give a full https address.')
  }
  for (const { said, remedy } of pageClientFaults(app.logins, env)) add(said, remedy)
  for (const { said, remedy } of webhookFaults(app.webhooks, env)) add(said, remedy)
  for (const url of app.returnUrls ?? []) {
    const said = returnUrlFault(url, env)
    if (said !== null) {
      add(
        `a return URL ${said}`,
        'List full addresses: https://shop.example.com/paid, or your own scheme: mygame://paid.',
      )
    }
  }
  return faults
}

/** Schemes that run or read something instead of going back to a shop or a game. */
const DANGEROUS_SCHEMES = new Set(['javascript:', 'data:', 'vbscript:', 'file:', 'blob:', 'about:'])

function returnUrlFault(text: string, env: Environment): string | null {
  const url = URL.parse(text)
  if (url === null) return 'is not a full URL'
  if (DANGEROUS_SCHEMES.has(url.protocol)) return `has the dangerous scheme ${quoted(url.protocol)}`
  if (url.username !== '' || url.password !== '') return 'carries a user or password'
  if (env === 'online' && url.protocol === 'http:') return 'is not encrypted (http)'
  return null
}

import { utcSeconds } from '../../kernel/clock.ts'
import type { Language } from '../../kernel/error-codes.ts'

/** How a request for deletion stands. */
export type DeletionState =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'under_way'; readonly receivedAtMs: number }
  /** `player`: all of it. `login`: the account goes on by its other logins. `nothing`: nobody played by that login. */
  | {
      readonly kind: 'done'
      readonly receivedAtMs: number
      readonly doneAtMs: number
      readonly deleted: 'player' | 'login' | 'nothing'
    }

const WORDS = {
  en: {
    title: 'Deletion of your data',
    code: 'Confirmation code',
    received: 'Asked for',
    done: 'Done',
    utc: (time: string) => `${time} UTC`,
    unknown: 'There is no request for deletion under this code. Please check the address that you were given.',
    underWay: 'Your request was received and the deletion is under way. Look at this page again in a few minutes.',
    deleted: 'What was deleted',
    kept: 'What must be kept',
    outcome: {
      player: 'Your data has been deleted.',
      login: 'The login that you removed has been deleted. The account goes on by its other logins.',
      nothing: 'Nobody has played by this login, so there was nothing to delete.',
    },
    gone: {
      player: [
        'Every login of the account, with the ids and addresses in it',
        'Your name and picture',
        'Every session: all devices are logged out',
        'The addresses and devices from which you logged in',
        'What payment platforms wrote about you in their messages to us',
      ],
      login: ['This login and its id', 'Your name and picture', 'Every session: all devices are logged out'],
      nothing: [],
    },
    stays: [
      'Orders and payments, with amounts and times, for the accounts',
      'The record of coins and tokens under the number of the account, without a name',
    ],
  },
  zh: {
    title: '个人数据删除',
    code: '确认码',
    received: '申请时间',
    done: '完成时间',
    utc: (time: string) => `${time}（UTC）`,
    unknown: '没有找到该确认码对应的删除申请，请核对您收到的网址。',
    underWay: '您的申请已收到，删除正在进行中，请几分钟后再查看本页面。',
    deleted: '已删除的内容',
    kept: '必须保留的内容',
    outcome: {
      player: '您的数据已删除。',
      login: '您移除的登录方式已删除，该账号仍可通过其他登录方式使用。',
      nothing: '没有玩家使用过该登录方式，因此没有需要删除的数据。',
    },
    gone: {
      player: [
        '账号的全部登录方式及其中的 ID 和地址',
        '您的昵称和头像',
        '全部会话：所有设备均已退出登录',
        '您登录时的网络地址和设备信息',
        '支付平台发送给我们的消息中与您有关的内容',
      ],
      login: ['该登录方式及其 ID', '您的昵称和头像', '全部会话：所有设备均已退出登录'],
      nothing: [],
    },
    stays: ['订单和支付记录（金额与时间），用于账务', '账号编号下的金币和第三货币流水，不含姓名'],
  },
} as const satisfies Record<Language, unknown>

const STYLE = `
body { margin: 0; background: #f3f4f6; color: #111827; font: 16px/1.5 system-ui, sans-serif }
main { max-width: 34rem; margin: 2rem auto; padding: 1.5rem; background: #fff; border-radius: 12px; box-shadow: 0 1px 4px #0002 }
h1 { margin: 0 0 1rem; font-size: 1.25rem } h2 { margin: 1.25rem 0 .25rem; font-size: 1rem }
.state { margin: 0 0 1rem; padding: .75rem; border-radius: 8px; background: #ecfdf5; color: #065f46 }
.under_way { background: #eff6ff; color: #1e40af } .unknown { background: #fffbeb; color: #92400e }
dl { display: grid; grid-template-columns: auto 1fr; gap: .25rem 1rem; margin: 0; font-size: .875rem }
dt { color: #6b7280 } dd { margin: 0; overflow-wrap: anywhere } ul { margin: 0; padding-left: 1.25rem }
`

/** The page's own rules for the browser: no script, nothing of another host, no form. */
export const DELETION_PAGE_CSP =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"

/** The page on which a person reads how their deletion stands. The code is shown only where it is one of ours. */
export function deletionPage(state: DeletionState, { code, language }: { code: string; language: Language }): string {
  const words = WORDS[language]
  const time = (timeMs: number): string => words.utc(utcSeconds(timeMs))
  const facts = state.kind === 'unknown' ? [] : [fact(words.code, code), fact(words.received, time(state.receivedAtMs))]
  if (state.kind === 'done') facts.push(fact(words.done, time(state.doneAtMs)))
  const lists =
    state.kind === 'done' && state.deleted !== 'nothing'
      ? [list(words.deleted, words.gone[state.deleted]), list(words.kept, words.stays)]
      : []
  return `<!doctype html>
<html lang="${language}"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex, nofollow">
<title>${words.title}</title><link rel="icon" href="data:,"><style>${STYLE}</style></head>
<body><main>
<h1>${words.title}</h1><p class="state ${state.kind}">${verdict(state, language)}</p>
${facts.length > 0 ? `<dl>${facts.join('\n')}</dl>` : ''}
${lists.join('\n')}
</main></body></html>
`
}

function verdict(state: DeletionState, language: Language): string {
  const words = WORDS[language]
  if (state.kind === 'unknown') return words.unknown
  return state.kind === 'under_way' ? words.underWay : words.outcome[state.deleted]
}

function fact(name: string, value: string): string {
  return `<dt>${name}</dt><dd>${value}</dd>`
}

function list(title: string, entries: readonly string[]): string {
  return `<h2>${title}</h2><ul>${entries.map((entry) => `<li>${entry}</li>`).join('')}</ul>`
}

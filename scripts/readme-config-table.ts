/**
 * Writes what the configuration's schema says into the READMEs' tables and `.env.example`; with `--check` it only
 * tells whether they are current (exit code 1 when not).
 */
import { readFile, writeFile } from 'node:fs/promises'
import { localDefaults } from '../src/config/local.ts'
import { onlineDefaults } from '../src/config/online.ts'
import { VARIABLE_NAMES, VARIABLES, type VariableName } from '../src/config/schema.ts'

export type Language = 'en' | 'zh'

const START = '<!-- config-table:start -->'
const END = '<!-- config-table:end -->'

const WORDS = {
  en: { head: ['Variable', 'What it sets', 'Default in `local`', 'Default in `online`'], secret: ' Secret.' },
  zh: { head: ['变量', '作用', '`local` 默认值', '`online` 默认值'], secret: ' 机密。' },
} as const

/** A row of Markdown; a bar inside a cell would begin another one. */
function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
}

function shownDefault(text: string | null): string {
  return text === null ? '' : `\`${text}\``
}

/** The table of all variables in one language. */
export function configTable(language: Language): string {
  const { head, secret } = WORDS[language]
  const rows = VARIABLE_NAMES.map((name) => {
    const spec = VARIABLES[name]
    const words = `${spec[language]}${spec.secret ? secret : ''}`
    return row([`\`${name}\``, words, shownDefault(localDefaults[name]), shownDefault(onlineDefaults[name])])
  })
  return [row(head), row(head.map(() => '---')), ...rows].join('\n')
}

/** The README with the current table between its two marks. @throws when the marks are not there, once, in order. */
export function withConfigTable(readme: string, language: Language): string {
  const start = readme.indexOf(START)
  const end = readme.indexOf(END)
  const twice = readme.indexOf(START, start + 1) >= 0 || readme.indexOf(END, end + 1) >= 0
  if (start < 0 || end < start || twice) throw new Error(`needs one ${START} and one ${END} after it`)
  return `${readme.slice(0, start + START.length)}\n${configTable(language)}\n${readme.slice(end)}`
}

function exampleBlock(name: VariableName): string {
  const [local, online] = [localDefaults[name], onlineDefaults[name]]
  const said = name === 'ENV' || local === online ? [] : [`# Default online: ${online ?? 'none'}`]
  return [`# ${VARIABLES[name].en.replaceAll('`', '')}`, ...said, `#${name}=${exampleValue(local)}`].join('\n')
}

/** As `--env-file` reads it back: quotes around what holds spaces or quotes of its own. */
function exampleValue(text: string | null): string {
  return text === null || !/[\s"#]/.test(text) ? (text ?? '') : `'${text}'`
}

/** The whole of `.env.example`. */
export function envExample(): string {
  const head =
    '# Copy this file to .env and take the # away before what you want to set.\n' +
    '# Every line shows the default of ENV=local; an empty one has none.'
  return `${[head, ...VARIABLE_NAMES.map(exampleBlock)].join('\n\n')}\n`
}

interface Page {
  readonly file: string
  /** The text that the file should have, given the one that it has. */
  current(text: string): string
}

const PAGES: readonly Page[] = [
  { file: 'README.md', current: (text) => withConfigTable(text, 'en') },
  { file: 'README.zh-CN.md', current: (text) => withConfigTable(text, 'zh') },
  { file: '.env.example', current: envExample },
]

export interface StalePage {
  readonly file: string
  /** Why it cannot be written either; null when writing it is all that it needs. */
  readonly fault: string | null
  readonly text: string
}

/** The pages under a folder that do not say what the schema says. */
export async function stalePages(root: URL): Promise<StalePage[]> {
  const pages = await Promise.all(PAGES.map((page) => inspect(page, root)))
  return pages.filter((page) => page !== null)
}

async function inspect({ file, current }: Page, root: URL): Promise<StalePage | null> {
  try {
    const before = await readFile(new URL(file, root), 'utf8')
    const after = current(before)
    return after === before ? null : { file, fault: null, text: after }
  } catch (error) {
    return { file, fault: error instanceof Error ? error.message : String(error), text: '' }
  }
}

async function main(): Promise<void> {
  const root = new URL('../', import.meta.url)
  const onlyCheck = process.argv.includes('--check')
  for (const { file, fault, text } of await stalePages(root)) {
    if (fault === null && !onlyCheck) {
      await writeFile(new URL(file, root), text)
      console.log(`${file}: written`)
    } else {
      console.error(`${file}: ${fault ?? 'is not current; run: npm run readme'}`)
      process.exitCode = 1
    }
  }
}

if (import.meta.main) await main()

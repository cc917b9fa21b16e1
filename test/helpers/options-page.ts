import { GROUPS, type OptionRow, ROWS } from '../../src/conductor/option-table.ts';
import { PREVIEW_OPTIONS } from '../../src/conductor/preview-options.ts';
import { defaultText, spelling } from '../../src/cli/help.ts';

/** The page docs/options.md, from the table of options. */
export function optionsPage(): string {
  const lines = [
    '# Options of `zoomosaic build`',
    '',
    'Made from [the table in the source](../src/conductor/option-table.ts) by `npx vitest run test/conductor/options-page.test.ts -u`; the test',
    'fails where the two differ. A program gives the same options by their names in camel case: `--cell-size` is `cellSize`, `--pin` is',
    '`pins`.',
    '',
  ];
  for (const group of GROUPS) {
    lines.push(`## ${group}`, '', ...table(ROWS.filter(([, { group: own }]) => own === group)));
  }
  lines.push(
    '## `zoomosaic preview`',
    '',
    'A preview takes the same options, and two more. `--out` is the picture: a name that ends in .jpg, .png or .webp.',
    '',
    ...table(Object.entries(PREVIEW_OPTIONS)),
  );
  return lines.join('\n');
}

function table(rows: readonly (readonly [string, OptionRow])[]): string[] {
  const lines = rows.map(([name, row]) => {
    const fallback = defaultText(row).trim().slice(1, -1);
    return `| \`${cell(spelling(name, row))}\` | ${cell(fallback)} | ${cell(row.help)} |`;
  });
  return ['| option | default | what it does |', '| --- | --- | --- |', ...lines, ''];
}

function cell(text: string): string {
  return text.replaceAll('|', String.raw`\|`);
}

import { UserError } from '../errors.ts';
import { shown } from '../messages.ts';

/** Id of a static host, as given to `--host`. */
export type HostId = 'github-pages' | 'gitlab-pages' | 'cloudflare-pages' | 'netlify' | 'neocities' | 'itch' | 's3';

/** A static host and its limits. Limits that it does not state are missing. */
export interface Host {
  readonly id: HostId;
  readonly name: string;
  /** Most bytes of the whole site. */
  readonly siteBytes?: number;
  /** Most files of the whole site. */
  readonly files?: number;
  /** Folders count as files, too. */
  readonly foldersCount?: true;
  /** Most bytes of one file. */
  readonly fileBytes?: number;
  /** Most files directly in one folder; subfolders are assumed to count, too. */
  readonly folderFiles?: number;
  /** File name endings that it accepts, lower case, without the dot. */
  readonly types?: readonly string[];
  /** Remarks, and the basis of limits that `source` alone does not state. */
  readonly note: string;
  /** URL that states the limits. */
  readonly source: string;
  /** Date on which the limits were last compared with `source`, year-month-day. */
  readonly checked: string;
}

const MB = 1e6;
const GB = 1e9;
const MIB = 2 ** 20;
const GIB = 2 ** 30;
const TIB = 2 ** 40;

/** `VALID_EXTENSIONS` of Neocities' models/site.rb. */
const NEOCITIES_TYPES = (
  'html htm txt text css js jpg jpeg png apng gif svg md markdown eot ttf woff woff2 json geojson csv tsv mf ico pdf ' +
  'asc key pgp xml mid midi manifest otf webapp less sass rss kml dae obj mtl scss webp avif xcf epub gltf bin ' +
  'webmanifest knowl atom opml rdf map gpg resolvehandle pls yaml yml toml osdx'
).split(' ');

/**
 * Known hosts and their limits; docs/hosting.md documents them.
 *
 * `checked` is the day on which a row was compared with a stored copy of its source. Cloudflare's copy dates from 2026, after
 * its change of January; itch.io's page is known by quotations, one of 2026-10-04; the age of the other copies is unknown. MB
 * and GB are read as 10^6 and 10^9, which is the stricter reading.
 */
export const HOSTS: readonly Host[] = [
  {
    id: 'github-pages',
    name: 'GitHub Pages',
    siteBytes: GB,
    fileBytes: 100 * MIB,
    note: 'A push with a larger file is refused. 100 GB a month and 10 minutes for a deployment; no number of files is stated.',
    source: 'https://docs.github.com/en/pages/getting-started-with-github-pages/github-pages-limits',
    checked: '2026-11-25',
  },
  {
    id: 'gitlab-pages',
    name: 'GitLab Pages',
    siteBytes: GB,
    files: 200_000,
    foldersCount: true,
    note: 'Of gitlab.com; the number of files and folders is from https://docs.gitlab.com/administration/instance_limits/. The artifact of the job may have 1 GB compressed, too.',
    source: 'https://docs.gitlab.com/user/gitlab_com/#gitlab-pages',
    checked: '2026-11-25',
  },
  {
    id: 'cloudflare-pages',
    name: 'Cloudflare Pages',
    files: 20_000,
    fileBytes: 25 * MIB,
    note: 'Of the Free plan, by Wrangler. Dragged into the dashboard, 1,000 files; paid plans have up to 100,000.',
    source: 'https://developers.cloudflare.com/pages/platform/limits/',
    checked: '2026-11-25',
  },
  {
    id: 'netlify',
    name: 'Netlify',
    folderFiles: 54_000,
    note: 'No limit of files per deploy; sizes of files and sites are not stated there, traffic depends on the plan.',
    source: 'https://docs.netlify.com/site-deploys/overview/',
    checked: '2026-11-25',
  },
  {
    id: 'neocities',
    name: 'Neocities free',
    siteBytes: GB,
    files: 15_000,
    fileBytes: 100 * MB,
    types: NEOCITIES_TYPES,
    note: "From the host's published program, which may differ from what runs. It takes no .dzi: the page does without, other viewers do not. Supporters have 50 GB, 100,000 files and any type.",
    source: 'https://github.com/neocities/neocities/blob/master/models/site.rb',
    checked: '2026-11-25',
  },
  {
    id: 'itch',
    name: 'itch.io',
    siteBytes: 500 * MB,
    files: 1_000,
    fileBytes: 200 * MB,
    note: 'Of HTML5 projects, in a zip or pushed with butler, after extraction. Paths have 240 characters at most. Its support raises limits on request.',
    source: 'https://itch.io/docs/creators/html5',
    checked: '2026-11-25',
  },
  {
    id: 's3',
    name: 'S3 or R2',
    fileBytes: 5 * TIB - 5 * GIB,
    note: "Any number of files. The largest is R2's; S3 takes 50 TB (https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingObjects.html). Storage, uploads and, with S3, traffic are paid for.",
    source: 'https://developers.cloudflare.com/r2/platform/limits/',
    checked: '2026-11-25',
  },
];

/** Ids of the hosts, for messages. */
export const HOST_IDS = HOSTS.map(({ id }) => id).join(', ');

/**
 * Looks up a host by id.
 *
 * @throws {UserError} `usage` if there is none.
 */
export function hostOf(id: string): Host {
  const host = HOSTS.find((known) => known.id === id);
  if (host) return host;
  throw new UserError(
    'usage',
    `Expected one of ${HOST_IDS} for --host but received ${shown(id)}`,
    'See docs/hosting.md.',
  );
}

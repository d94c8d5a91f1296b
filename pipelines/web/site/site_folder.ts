/** Where a site's worker keeps what belongs to the site. @module */
import { home } from "../files/virtual_files.ts";

/**
 * The folder of this site's rows, run and edit. All sites on one host have the same private files, so it is named after
 * the path of the site, whose `scripts` the worker's own is among; weights and encodings are shared by their content.
 */
export const siteFolder = `${home}/sites/${encodeURIComponent(new URL("../", self.location.href).pathname)}`;

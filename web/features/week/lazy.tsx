import { lazy, Suspense, type ComponentProps } from "react";
import { t } from "../../locales/text.js";

const Whole = lazy(() => import("./Week.js"));

/** The week of a mailbox, whose code comes when it is opened. */
export function Week(props: ComponentProps<typeof Whole>) {
  return (
    <Suspense fallback={<p className="list-says">{t.loading}</p>}>
      <Whole {...props} />
    </Suspense>
  );
}

import {
  emptyReply,
  headerOf,
  type S3Call,
  type S3Context,
  type S3Reply,
  xmlReply,
} from "./call.ts";
import { testEventBody } from "./event-record.ts";
import { xmlBody } from "./incoming-body.ts";
import {
  notificationConfigurationXml,
  type NotificationRule,
  parseNotificationConfiguration,
} from "./notification-configuration.ts";
import { S3Error } from "./s3-error.ts";

/** S3's words for a target that is not there. */
const TARGET_NOUNS: Readonly<Record<NotificationRule["service"], string>> = {
  sns: "topic",
  sqs: "queue",
  lambda: "Lambda",
};

export function getNotificationConfiguration({ store }: S3Context, call: S3Call): S3Reply {
  const { configuration } = store.bucket(call.bucket);
  return xmlReply(
    notificationConfigurationXml(configuration ?? { rules: [], isEventBridgeOn: false }),
  );
}

export async function putNotificationConfiguration(
  { store }: S3Context,
  call: S3Call,
): Promise<S3Reply> {
  store.bucket(call.bucket);
  const configuration = parseNotificationConfiguration(await xmlBody(call));
  const isChecked = headerOf(call, "x-amz-skip-destination-validation")?.toLowerCase() !== "true";
  if (isChecked) {
    const missing = configuration.rules.filter(({ target }) => !store.isTarget(target));
    if (missing.length > 0) throw invalidDestinations(missing);
  }
  store.bucket(call.bucket);
  store.commit({ type: "notification", name: call.bucket, configuration });
  const timeMs = store.wallClock.epochMs();
  for (const { service, target } of configuration.rules) {
    if (service !== "lambda" && isChecked) store.notify(target, testEventBody({ ...call, timeMs }));
  }
  return emptyReply(200);
}

/** 400 that names every target which is not there: the first one without a number. */
function invalidDestinations(rules: readonly NotificationRule[]): S3Error {
  const named = rules.flatMap(({ target, service }, index) => {
    const number = index === 0 ? "" : String(index);
    return [
      [`ArgumentName${number}`, target],
      [`ArgumentValue${number}`, `The destination ${TARGET_NOUNS[service]} does not exist`],
    ];
  });
  return new S3Error("InvalidArgument", {
    statusCode: 400,
    message: "Unable to validate the following destination configurations",
    details: Object.fromEntries(named) as Record<string, string>,
  });
}

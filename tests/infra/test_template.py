"""What the packaged template promises: least privilege, nothing public, nothing lost without an alarm."""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from chalicelib import rounds, settings
from chalicelib.desk import media
from chalicelib.rounds import errands
from infra.stack.package import ROOT, package
from infra.stack.rollout import permissions, recipients
from tests import aws

FUNCTIONS = {
    "APIHandler": "Webhook",
    "Topics": "Topics",
    "Relay": "Relay",
    "Desk": "Desk",
    "Mailroom": "Mailroom",
    "Clock": "Clock",
    "Press": "Press",
}
Resource = dict[str, Any]


@pytest.fixture(scope="module")
def packaged() -> Path:
    return package("test", say=lambda _: None, wheels="none") / "sam.yaml"


@pytest.fixture(scope="module")
def template(packaged: Path) -> Resource:
    loaded: Resource = yaml.safe_load(packaged.read_text())
    return loaded


@pytest.fixture(scope="module")
def resources(template: Resource) -> dict[str, Resource]:
    found: dict[str, Resource] = template["Resources"]
    return found


@pytest.fixture(scope="module")
def of_type(resources: dict[str, Resource]) -> Callable[[str], dict[str, Resource]]:
    return lambda type_: {
        name: found.get("Properties", {}) for name, found in resources.items() if found["Type"] == type_
    }


def listed(one_or_more: Any) -> list[Any]:
    return one_or_more if isinstance(one_or_more, list) else [one_or_more]


def statements(role: Resource) -> Iterator[Resource]:
    for policy in role["Policies"]:
        yield from policy["PolicyDocument"]["Statement"]


def allowed(role: Resource) -> dict[str, str]:
    """Action -> all it is allowed on, as text."""
    found: dict[str, str] = {}
    for statement in statements(role):
        for action in listed(statement["Action"]):
            found[action] = found.get(action, "") + str(statement["Resource"])
    return found


# --- who may what ----------------------------------------------------------------------------------------------------


def test_no_role_may_do_everything_or_reach_everything(of_type: Any) -> None:
    for name, role in of_type("AWS::IAM::Role").items():
        assert "ManagedPolicyArns" not in role, name
        for statement in statements(role):
            assert statement["Effect"] == "Allow"
            assert not [action for action in listed(statement["Action"]) if "*" in action], name
            for resource in listed(statement["Resource"]):
                named = resource if isinstance(resource, str) else next(iter(resource.values()))
                assert named not in ("*", "arn:*"), name
                assert not re.match(r"^[^$]*\*", str(named)), f"{name}: nothing is named before the * of {named}"


def test_each_function_has_a_role_of_its_own_that_only_lambda_may_take(resources: dict[str, Resource]) -> None:
    for function, role in FUNCTIONS.items():
        assert resources[function]["Properties"]["Role"] == {"Fn::GetAtt": [f"{role}Role", "Arn"]}
        trusted = resources[f"{role}Role"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        assert [statement["Principal"] for statement in trusted] == [{"Service": "lambda.amazonaws.com"}]


def test_there_are_no_functions_and_no_roles_but_ours(of_type: Any) -> None:
    assert set(of_type("AWS::Serverless::Function")) == set(FUNCTIONS)
    assert set(of_type("AWS::IAM::Role")) == {f"{name}Role" for name in (*FUNCTIONS.values(), "Reminder")}


def test_the_webhook_can_neither_read_conversations_nor_send_anything(of_type: Any) -> None:
    may = allowed(of_type("AWS::IAM::Role")["WebhookRole"])
    assert {action for action in may if action.startswith("dynamodb:")} == {"dynamodb:PutItem"}
    assert not {action for action in may if action.startswith(("ses:", "sqs:", "scheduler:", "events:"))}
    assert "/receive/*" in may["ssm:GetParameters"]
    assert "/send/" not in may["ssm:GetParameters"]
    assert "/keys" not in may["ssm:GetParameters"]


def test_only_the_desk_may_answer_customers_and_mail_the_helpdesk(of_type: Any) -> None:
    for name, role in of_type("AWS::IAM::Role").items():
        may = allowed(role)
        assert ("ses:SendRawEmail" in may) == (name == "DeskRole")
        assert ("/send/*" in may.get("ssm:GetParameters", "")) == (name in ("DeskRole", "ClockRole"))


def test_only_the_clock_may_renew_tokens_and_it_may_neither_read_what_proves_deliveries_nor_mail(of_type: Any) -> None:
    roles = of_type("AWS::IAM::Role")
    renewing = {name: may for name, role in roles.items() if (may := allowed(role).get("ssm:PutParameter"))}
    path = "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/bridgehead/${StageName}"
    assert renewing == {"ClockRole": str({"Fn::Sub": f"{path}/send/*"})}
    clock = allowed(roles["ClockRole"])
    assert not re.search("/keys|/receive/", clock["ssm:GetParameters"])
    assert not {action for action in clock if action.startswith(("ses:", "scheduler:", "events:", "sms-voice:"))}
    assert clock["sqs:SendMessage"] == str({"Fn::GetAtt": ["Jobs", "Arn"]})


def test_whoever_keeps_what_came_may_put_aside_what_is_large_or_cannot_be_read(of_type: Any) -> None:
    roles = of_type("AWS::IAM::Role")
    for name in ("Webhook", "Topics", "Desk", "Clock"):
        where = allowed(roles[f"{name}Role"])["s3:PutObject"]
        assert "/bodies/*" in where, name
        assert "/quarantine/*" in where, name


def test_only_the_desk_may_speak_for_our_whatsapp_numbers(of_type: Any) -> None:
    account = "${AWS::Partition}:social-messaging:${AWS::Region}:${AWS::AccountId}"
    numbers = str({"Fn::Sub": f"arn:{account}:phone-number-id/*"})
    actions = ("SendWhatsAppMessage", "GetWhatsAppMessageMedia", "PostWhatsAppMessageMedia")
    for name, role in of_type("AWS::IAM::Role").items():
        may = {action: where for action, where in allowed(role).items() if action.startswith("social-messaging:")}
        expected = {f"social-messaging:{action}": numbers for action in actions} if name == "DeskRole" else {}
        assert may == expected, name


def test_mail_goes_out_only_from_the_reply_domain_to_those_whom_the_settings_name(of_type: Any) -> None:
    desk = of_type("AWS::IAM::Role")["DeskRole"]
    (sending,) = (statement for statement in statements(desk) if statement["Action"] == "ses:SendRawEmail")
    condition = sending["Condition"]
    assert condition["StringLike"] == {"ses:FromAddress": {"Fn::Sub": "*@${ReplyDomain}"}}
    assert condition["ForAllValues:StringEqualsIgnoreCase"] == {"ses:Recipients": {"Ref": "Recipients"}}
    assert condition["Null"] == {"ses:Recipients": "false"}


def test_customers_are_mailed_only_where_a_connection_does_that_and_from_its_addresses_only(of_type: Any) -> None:
    policies = of_type("AWS::IAM::Policy")
    mailing, reading, writing = (policies[name] for name in ("CustomerMail", "ScanReading", "CallWriting"))
    (sending,) = mailing["PolicyDocument"]["Statement"]
    assert sending["Action"] == "ses:SendRawEmail"
    assert sending["Condition"] == {"StringEqualsIgnoreCase": {"ses:FromAddress": {"Ref": "CustomerAddresses"}}}
    (scans,) = reading["PolicyDocument"]["Statement"]
    assert {action.partition(":")[0] for action in scans["Action"]} == {"textract"}
    calls = {each["Action"] for each in writing["PolicyDocument"]["Statement"]}
    assert calls == {"transcribe:StartTranscriptionJob", "transcribe:GetTranscriptionJob"}
    assert [each["Roles"] for each in policies.values()] == [[{"Ref": "DeskRole"}]] * len(policies)


def test_policies_of_their_own_are_there_only_where_the_settings_ask_for_them(resources: dict[str, Resource]) -> None:
    asked = {name: found.get("Condition") for name, found in resources.items() if found["Type"] == "AWS::IAM::Policy"}
    expected = {"CustomerMail": "WritesToCustomers", "ScanReading": "ReadsScans", "CallWriting": "WritesDownCalls"}
    assert asked == {**expected, "LetterSetting": "PrintsLetters"}
    plain = permissions(settings.build(aws.SETTINGS))
    assert {value for name, value in plain.items() if name != "Recipients"} == {""}
    mail = {"channel": "email", "accounts": ["hello@reply.lindner.example", "order@reply.lindner.example"]}
    letters = {
        "channel": "letter",
        "accounts": ["l@reply.lindner.example"],
        "options": {"textract": True, "print_to": "p@x.example"},
    }
    calls = {"channel": "phone", "accounts": ["+4366012345"]}
    given = {"mail": mail, "letters": letters, "calls": calls}
    made = permissions(settings.build({**aws.SETTINGS, "connections": given}))
    off = {"calls": {**calls, "options": {"transcribe": "off"}}}
    assert permissions(settings.build({**aws.SETTINGS, "connections": off}))["WriteDownCalls"] == ""
    assert made["WriteDownCalls"] == "true"
    assert made["CustomerAddresses"] == "hello@reply.lindner.example,order@reply.lindner.example"
    assert (made["ReadScans"], made["PrintLetters"]) == ("true", "true")
    assert made["Recipients"].rpartition(",")[2] == "p@x.example"


def test_the_press_is_there_only_for_letters_and_may_do_nothing_but_log(resources: dict[str, Resource]) -> None:
    names = ("Press", "PressRole", "PressLog", "LetterSetting")
    assert {resources[name]["Condition"] for name in names} == {"PrintsLetters"}
    assert set(allowed(resources["PressRole"]["Properties"])) == {"logs:CreateLogStream", "logs:PutLogEvents"}
    asking, reading = resources["LetterSetting"]["Properties"]["PolicyDocument"]["Statement"]
    assert (asking["Action"], asking["Resource"]) == ("lambda:InvokeFunction", {"Fn::GetAtt": ["Press", "Arn"]})
    assert (reading["Action"], reading["Resource"]) == ("s3:GetObject", {"Fn::Sub": "${Bucket.Arn}/letterheads/*"})


def test_whom_we_may_mail_are_those_whom_the_settings_remind() -> None:
    quiet = settings.build(aws.SETTINGS)
    assert recipients(quiet) == ["support@lindner.example", "chefin@lindner.example"]
    busy = {
        **aws.SETTINGS,
        "lead": {"address": "leitung@lindner.example"},
        "policies": [{"ladder": [{"percent": 50, "to": ["agents", "lead"]}]}],
    }
    people = ["leitung@lindner.example", "anna@lindner.example"]
    assert recipients(settings.build(busy)) == [*recipients(quiet), *people]


def test_texts_go_out_only_by_the_desk_and_only_from_numbers_of_this_account(of_type: Any) -> None:
    number = "arn:${AWS::Partition}:sms-voice:${AWS::Region}:${AWS::AccountId}:phone-number/*"
    may = {name: allowed(role).get("sms-voice:SendTextMessage") for name, role in of_type("AWS::IAM::Role").items()}
    assert {name: where for name, where in may.items() if where} == {"DeskRole": str({"Fn::Sub": number})}


def test_only_services_of_this_account_tell_of_texts_and_messages(of_type: Any) -> None:
    policy = of_type("AWS::SNS::TopicPolicy")["PlatformsPolicy"]["PolicyDocument"]["Statement"]
    services = {"sms-voice.amazonaws.com", "social-messaging.amazonaws.com"}
    assert {statement["Principal"]["Service"] for statement in policy} == services
    for statement in policy:
        assert statement["Condition"]["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}


def test_what_comes_by_topic_is_kept_and_nothing_else_is_done_with_it(of_type: Any) -> None:
    may = allowed(of_type("AWS::IAM::Role")["TopicsRole"])
    assert {action for action in may if action.startswith("dynamodb:")} == {"dynamodb:PutItem"}
    assert not {action for action in may if action.startswith(("ses:", "scheduler:", "events:", "sms-voice:"))}
    assert not re.search("/keys|/send/|/receive/", may["ssm:GetParameters"])


def test_no_function_may_delete_a_conversation_or_change_its_own_surroundings(of_type: Any) -> None:
    deleting = {"dynamodb:DeleteItem", "dynamodb:DeleteTable", "ssm:DeleteParameter", "sqs:PurgeQueue"}
    for role in of_type("AWS::IAM::Role").values():
        assert not deleting & set(allowed(role))


def test_whoever_may_call_from_outside_is_told_by_where_it_calls_from(of_type: Any) -> None:
    for name, permission in of_type("AWS::Lambda::Permission").items():
        assert "SourceArn" in permission, name
    policies = ("AWS::SNS::TopicPolicy", "AWS::SQS::QueuePolicy", "AWS::S3::BucketPolicy")
    for policy in (policy for kind in policies for policy in of_type(kind).values()):
        for statement in policy["PolicyDocument"]["Statement"]:
            assert any("aws:SourceArn" in test for test in statement["Condition"].values())


# --- what the functions are told -------------------------------------------------------------------------------------


def test_no_secret_is_in_the_environment(template: Resource, resources: dict[str, Resource]) -> None:
    told = template["Globals"]["Function"]["Environment"]["Variables"]
    assert not [name for name in told if re.search("SECRET|TOKEN|PASSWORD|KEY|CREDENTIAL", name)]
    for function in FUNCTIONS:
        assert "Environment" not in resources[function]["Properties"]


def test_the_environment_holds_whatever_the_code_asks_for(template: Resource) -> None:
    code = "".join(path.read_text() for path in (ROOT / "chalicelib").rglob("*.py"))
    asked = set(re.findall(r'environment\.get\("([A-Z_]+)"\)', code))
    assert asked
    assert asked <= set(template["Globals"]["Function"]["Environment"]["Variables"])


# --- nothing is lost, and nothing goes wrong in silence --------------------------------------------------------------


def test_the_table_can_be_restored_forgets_by_itself_and_tells_what_is_new(of_type: Any) -> None:
    (table,) = of_type("AWS::DynamoDB::Table").values()
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert table["StreamSpecification"] == {"StreamViewType": "KEYS_ONLY"}
    assert table["SSESpecification"] == {"SSEEnabled": True}


def test_deleting_the_stack_keeps_conversations_and_mails(resources: dict[str, Resource]) -> None:
    for name in ("Table", "Bucket"):
        assert resources[name]["DeletionPolicy"] == "RetainExceptOnCreate"
        assert resources[name]["UpdateReplacePolicy"] == "Retain"


def test_one_bad_record_holds_up_no_others(of_type: Any) -> None:
    mappings = of_type("AWS::Lambda::EventSourceMapping")
    assert set(mappings) == {"StreamToRelay", "JobsToDesk", "InboundToMailroom", "DeliveriesToTopics"}
    for mapping in mappings.values():
        assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    stream = mappings["StreamToRelay"]
    assert stream["BisectBatchOnFunctionError"]
    assert stream["MaximumRetryAttempts"] == 10
    assert stream["DestinationConfig"]["OnFailure"] == {"Destination": {"Fn::GetAtt": ["DeadRecords", "Arn"]}}


def test_only_what_came_in_becomes_a_job(of_type: Any) -> None:
    (only,) = of_type("AWS::Lambda::EventSourceMapping")["StreamToRelay"]["FilterCriteria"]["Filters"]
    wanted = yaml.safe_load(only["Pattern"])
    assert wanted == {"eventName": ["INSERT"], "dynamodb": {"Keys": {"sk": {"S": [{"prefix": "i#"}]}}}}


def test_a_job_is_not_given_to_a_second_worker_while_the_first_may_still_run(resources: dict[str, Resource]) -> None:
    for queue, function in (("Jobs", "Desk"), ("Inbound", "Mailroom"), ("Deliveries", "Topics")):
        hidden = resources[queue]["Properties"]["VisibilityTimeout"]
        assert hidden >= 6 * resources[function]["Properties"]["Timeout"]


def test_what_failed_five_times_is_kept_for_two_weeks_and_raises_an_alarm(of_type: Any) -> None:
    queues, watched = of_type("AWS::SQS::Queue"), alarms_by_queue(of_type)
    for source, dead in (("Jobs", "DeadJobs"), ("Inbound", "DeadMail"), ("Deliveries", "DeadDeliveries")):
        assert queues[source]["RedrivePolicy"]["maxReceiveCount"] == 5
        assert queues[source]["RedrivePolicy"]["deadLetterTargetArn"] == {"Fn::GetAtt": [dead, "Arn"]}
    for dead in ("DeadJobs", "DeadMail", "DeadRecords", "DeadDeliveries"):
        assert queues[dead]["MessageRetentionPeriod"] == 14 * 24 * 3600
        assert watched[dead]["MetricName"] == "ApproximateNumberOfMessagesVisible"
        assert watched[dead]["Threshold"] == 0


def test_an_alarm_is_raised_when_a_job_waits_for_five_minutes(of_type: Any) -> None:
    oldest = alarms_by_queue(of_type)["Jobs"]
    assert (oldest["MetricName"], oldest["Threshold"]) == ("ApproximateAgeOfOldestMessage", 300)


def alarms_by_queue(of_type: Any) -> dict[str, Resource]:
    alarms = of_type("AWS::CloudWatch::Alarm").values()
    return {
        alarm["Dimensions"][0]["Value"]["Fn::GetAtt"][0]: alarm for alarm in alarms if alarm["Namespace"] == "AWS/SQS"
    }


def test_every_alarm_reaches_the_owner(of_type: Any) -> None:
    assert of_type("AWS::SNS::Topic")["Alarms"]["Subscription"] == [
        {"Protocol": "email", "Endpoint": {"Ref": "OwnerAddress"}}
    ]
    for name, alarm in of_type("AWS::CloudWatch::Alarm").items():
        assert alarm["AlarmActions"] == [{"Ref": "Alarms"}], name
        assert alarm["AlarmDescription"], name


def test_every_task_of_the_clock_has_a_rule_that_wakes_it(of_type: Any) -> None:
    targets = [target for rule in of_type("AWS::Events::Rule").values() for target in rule["Targets"]]
    assert {json.loads(target["Input"])["task"] for target in targets} == {"sweep", *rounds.TASKS}
    may_run_for = errands.LEASE.total_seconds()
    assert of_type("AWS::Serverless::Function")["Clock"]["Timeout"] < may_run_for


def test_our_own_metrics_are_watched_under_the_name_they_are_written_with(template: Resource, of_type: Any) -> None:
    service = template["Globals"]["Function"]["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"]
    ours = [alarm for alarm in of_type("AWS::CloudWatch::Alarm").values() if alarm["Namespace"] == "Bridgehead"]
    metrics = {"Quarantined", "Stuck", "SetAside", "MailFailed", "PollFailed", "TokenExpiring"}
    assert {alarm["MetricName"] for alarm in ours} == metrics
    assert all(alarm["Dimensions"] == [{"Name": "service", "Value": service}] for alarm in ours)


def test_every_function_logs_into_a_group_that_forgets_after_thirty_days(resources: dict[str, Resource]) -> None:
    for function, name in FUNCTIONS.items():
        group = resources[f"{name}Log"]["Properties"]
        assert group["RetentionInDays"] == 30
        assert resources[function]["Properties"]["LoggingConfig"] == {"LogGroup": {"Ref": f"{name}Log"}}


# --- mail, bucket, API -----------------------------------------------------------------------------------------------


def test_mail_is_received_over_tls_scanned_and_only_where_ses_can(resources: dict[str, Resource]) -> None:
    rule = resources["ReplyRule"]["Properties"]["Rule"]
    assert (rule["ScanEnabled"], rule["TlsPolicy"]) == (True, "Require")
    assert rule["Recipients"] == [{"Ref": "ReplyDomain"}]
    assert resources["ReplyRule"]["Condition"] == "ReceivesMail"
    assert resources["ReplyRuleSet"]["Condition"] == "BringsRuleSet"


def test_nothing_in_the_bucket_can_become_public_and_nothing_stays_for_ever(of_type: Any) -> None:
    (bucket,) = of_type("AWS::S3::Bucket").values()
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert bucket["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    days = {rule.get("Prefix"): rule.get("ExpirationInDays") for rule in bucket["LifecycleConfiguration"]["Rules"]}
    kept = {"inbound/": 30, "raw/": 30, "quarantine/": 30, "media/": media.KEPT.days, "bodies/": 180, "outgoing/": 35}
    assert kept.items() <= days.items()


def test_every_queue_is_encrypted(of_type: Any) -> None:
    assert all(queue["SqsManagedSseEnabled"] for queue in of_type("AWS::SQS::Queue").values())


def test_the_api_is_throttled_logs_no_query_strings_and_allows_no_foreign_page(of_type: Any) -> None:
    (api,) = of_type("AWS::Serverless::Api").values()
    (everything,) = api["MethodSettings"]
    assert (everything["HttpMethod"], everything["ResourcePath"]) == ("*", "/*")
    assert everything["ThrottlingRateLimit"] > 0
    assert everything["LoggingLevel"] == "OFF"
    assert "AccessLogSetting" not in api
    assert "Access-Control-Allow" not in str(api)


@pytest.mark.lint
def test_the_template_is_valid_cloudformation(packaged: Path) -> None:
    lint = [str(Path(sys.executable).with_name("cfn-lint")), str(packaged)]
    done = subprocess.run(lint, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr

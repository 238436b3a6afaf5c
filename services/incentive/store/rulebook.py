"""What awards are computed by: policy file and whitelist, as a program was started with them, and which registers."""

from dataclasses import dataclass

from services.incentive.domain.facts import Registers
from services.incentive.policy.loader import PolicyError, read_policy
from services.incentive.policy.terms import Policy
from shared.settings import Settings, SettingsError
from shared.whitelist import Whitelist, load_whitelist


@dataclass(frozen=True)
class Rulebook:
    """`policy_source` is the text of the policy file. `registers` are those that count, which the ledger says."""

    policy: Policy
    policy_source: str
    exchanges: Whitelist
    registers: Registers = None


def load_rulebook(settings: Settings) -> Rulebook:
    """Read both files. SettingsError or WhitelistError when one cannot be used."""
    try:
        content = settings.policy_file.read_bytes()
        policy = read_policy(content, str(settings.policy_file))
    except OSError as error:
        raise SettingsError(f"POLICY_FILE: {settings.policy_file} cannot be read: {error.strerror}") from error
    except PolicyError as error:
        raise SettingsError(f"POLICY_FILE: {error}") from error
    return Rulebook(policy, content.decode(), load_whitelist(settings.exchanges_file))

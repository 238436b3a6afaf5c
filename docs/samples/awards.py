"""Print the awards of a year with their state: python awards.py URL KEY YEAR"""

import sys

from jiangbu_client import ProblemError, connect, incentive, iter_items
from jiangbu_client.incentive.api.incentive import list_awards

url, key, year = sys.argv[1:]
try:
    with connect(incentive.AuthenticatedClient, url, key) as client:
        for award in iter_items(list_awards.sync, client=client, year=int(year)):
            print(award.award_id, award.payable, award.state)
except ProblemError as error:
    sys.exit(str(error))

Feature: A provider that stumbles is asked again, and one that is down is left in peace
  Most failures pass within a second, and nobody need hear of them.
  Those that do not pass should cost nobody time: neither those who ask, nor the provider that tries to stand up again.

  Rule: What may pass is tried again, twice

    Example: It passes
      Given the provider "main" is down for <number> calls
      When "What is a breaker?" is asked of the provider "main"
      Then the provider "main" answers
      And it was asked <calls> times

      Examples:
        | number | calls |
        | 1      | 2     |
        | 2      | 3     |

    Example: It does not pass
      Given the provider "main" is down
      When "What is a breaker?" is asked of the provider "main"
      Then the asker is told that the model did not answer
      And it was asked 3 times

    Example: It says when to come back
      Given the provider "main" is overloaded once, and wants to be left alone for 1 second
      When "What is a breaker?" is asked of the provider "main"
      Then the provider "main" answers
      And that took at least 1 second

    Example: It wants to be left alone for longer than anybody waits
      Given the provider "main" is overloaded once, and wants to be left alone for 90 seconds
      When "What is a breaker?" is asked
      Then the provider "spare" answers
      And the provider "main" was asked once

  Rule: What is pointless is not tried again

    Example: The question is refused
      Given the provider "main" refuses the question
      When "What is a breaker?" is asked of the provider "main"
      Then the asker is told that the question must be changed
      And it was asked 1 time

    Example: It has begun to answer
      Given the provider "main" breaks off in the middle of its answer
      When "What is a breaker?" is asked of the provider "main"
      Then the asker is told that the model did not answer
      And it was asked 1 time

  Rule: Whoever fails again and again is left alone for five minutes

    Example: Others answer meanwhile, at once
      Given the provider "main" has been down for 6 calls
      And 299 seconds have passed
      When "What is a breaker?" is asked
      Then the provider "spare" answers
      And the provider "main" was not asked

    Example: Who wants no other hears when to come back
      Given the provider "main" has been down for 6 calls
      And 100 seconds have passed
      When "What is a breaker?" is asked of the provider "main"
      Then the asker is told to come back in 200 seconds
      And the provider "main" was not asked

    Example: After five minutes it gets a trial
      Given the provider "main" has been down for 6 calls
      And 300 seconds have passed
      When "What is a breaker?" is asked
      Then the provider "spare" answers
      And the provider "main" was asked once

    Example: It is well again
      Given the provider "main" has been down for 6 calls
      And the provider "main" is well again
      And 300 seconds have passed
      When "What is a breaker?" is asked
      Then the provider "main" answers

    Example: Its other models may be well
      Given the provider "main" has been down for 6 calls
      And the provider "main" is well again
      When "What is a breaker?" is asked of the model "main-large"
      Then the provider "main" answers

  Rule: Nobody is asked more often than was agreed

    Example: Somebody else may be asked
      Given the provider "main" may be asked 2 times a minute, and nobody waits
      And it was asked so often
      When "What is a breaker?" is asked
      Then the provider "spare" answers
      And the provider "main" was not asked

    Example: Nobody else may be asked
      Given the provider "main" may be asked 2 times a minute, and nobody waits
      And it was asked so often
      When "What is a breaker?" is asked of the provider "main"
      Then the asker is told that it is too much, and when to come back

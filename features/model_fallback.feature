Feature: When a model fails another one answers
  Every provider has its bad hours, and our customers should not have to share them.
  Somebody else's answer is better than none, as long as the asker may have it and is told whose it is.

  Rule: What may pass is asked of the next provider

    Example: The preferred one cannot answer just now
      Given the provider "main" <trouble>
      When "What is a breaker?" is asked
      Then the provider "spare" answers
      And the asker is told that "main" was tried in vain

      Examples:
        | trouble                             |
        | is down                             |
        | is overloaded                       |
        | says nothing                        |
        | hangs up                            |
        | breaks off before it says a word    |
        | answers with a web page             |

    Example: As long as it can answer it does
      When "What is a breaker?" is asked
      Then the provider "main" answers
      And the provider "spare" was not asked

    Example: Whoever answered, the answer is remembered
      Given the provider "main" is down
      And "What is a breaker?" was asked
      When "What is a breaker?" is asked
      Then the answer of "spare" is remembered

    Example: Each is asked for its own model
      Given the provider "main" is down
      When "What is a breaker?" is asked of the model "smart"
      Then the provider "spare" answers
      And the provider "main" was asked for "main-large" and "spare" for "spare-large"

  Rule: What does not pass is not asked of others

    Example: The question or the key is refused
      Given the provider "main" <refusal>
      When "What is a breaker?" is asked
      Then the asker is told that <what>
      And the provider "spare" was not asked

      Examples:
        | refusal             | what                            |
        | refuses the question | the question must be changed    |
        | refuses our key     | the model did not answer        |

  Rule: What a model would not take is not sent to it

    Example: The question is too long for it
      Given the provider "main" takes 5 tokens
      When "What is a breaker, and why should I care?" is asked of the provider "main"
      Then the asker is told that the question must be changed
      And is told of "more than 5, which main-small takes in all"
      And the provider "main" was not asked

  Rule: Nobody gets an answer from whom they did not ask

    Example: A provider is named
      Given the provider "main" is down
      When "What is a breaker?" is asked of the provider "main"
      Then the asker is told that the model did not answer
      And the provider "spare" was not asked

    Example: A model is named that only one has
      When "What is a breaker?" is asked of the model "spare-large"
      Then the provider "spare" answers
      And the provider "main" was not asked

    Example: A model is named that nobody has
      When "What is a breaker?" is asked of the model "spare-larg"
      Then the asker is told that the question must be changed
      And is told of "did you mean 'spare-large'?"

  Rule: When all fail, the asker learns what can be told

    Example: An old answer is better than none
      Given "What is a breaker?" was asked
      And the answer has expired
      And all providers are down
      When "What is a breaker?" is asked
      Then the old answer of "main" is given

    Example: There is no old answer
      Given all providers are down
      When "What is a breaker?" is asked
      Then the asker is told that the model did not answer
      And each provider has a line in what is told
      And neither the question nor a key is told

    Example: The operator would rather apologise
      Given whoever gets no answer is told "Please call us."
      And all providers are down
      When "What is a breaker?" is asked
      Then "Please call us." comes back, marked as an apology
      And it is not remembered

    Example: An apology does not hide what the asker must change
      Given whoever gets no answer is told "Please call us."
      And the provider "main" refuses the question
      When "What is a breaker?" is asked
      Then the asker is told that the question must be changed
